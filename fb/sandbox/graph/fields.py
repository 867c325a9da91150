"""Fields: parses the parameter ``fields``, and lists the fields of Graph v26."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from fb.sandbox.graph import graph_errors

# https://developers.facebook.com/docs/graph-api/reference/page (v26). picture is an edge that can
# be requested as a field. There is no email and no created_time.
_PAGE_FIELDS_TEXT = """
about access_token ad_campaign affiliation app_id artists_we_like attire
available_promo_offer_ids awards band_interests band_members best_page bio birthday
booking_agent breaking_news_usage built business can_checkin can_post category category_list
checkins company_overview connected_instagram_account connected_page_backed_instagram_account
contact_address copyright_attribution_insights copyright_whitelisted_ig_partners
country_page_likes cover culinary_team current_location delivery_and_pickup_option_info
description description_html differently_open_offerings directed_by display_subtext
displayed_message_response_time does_viewer_have_page_permission_link_ig emails engagement
fan_count featured_video features followers_count food_styles founded general_info
general_manager genre global_brand_page_name global_brand_root_id has_added_app
has_lead_access has_transitioned_to_new_page_experience has_whatsapp_business_number
has_whatsapp_number hometown hours id impressum influences instagram_business_account
is_always_open is_calling_eligible is_chain is_community_page
is_eligible_for_branded_content
is_eligible_for_disable_connect_ig_btn_for_non_page_admin_am_web
is_messenger_bot_get_started_enabled is_messenger_platform_bot is_owned
is_permanently_closed is_published is_unclaimed is_verified is_webhooks_subscribed keywords
leadgen_tos_acceptance_time leadgen_tos_accepted leadgen_tos_accepting_user link location
members merchant_id merchant_review_status messaging_feature_status
messenger_ads_default_icebreakers messenger_ads_default_quick_replies
messenger_ads_quick_replies_type mini_shop_storefront mission mpg name
name_with_location_descriptor network new_like_count offer_eligible overall_star_rating
owner_business page_backed_threads_account_id page_token parent_page parking payment_options
personal_info personal_interests pharma_safety_info phone pickup_options place_type
plot_outline preferred_audience press_contact price_range priority_hours privacy_info_url
produced_by products promotion_eligible promotion_ineligible_reason public_transit
rating_count recipient record_label release_date restaurant_services restaurant_specialties
schedule screenplay_by season single_line_address starring start_info store_code
store_location_descriptor store_number studio supports_donate_button_in_live_video
talking_about_count temporary_status unread_message_count unread_notif_count
unseen_message_count user_access_expire_time username verification_status voip_info website
were_here_count whatsapp_number written_by picture
"""
PAGE_FIELDS: frozenset[str] = frozenset(_PAGE_FIELDS_TEXT.split())
ACCOUNT_FIELDS = PAGE_FIELDS | {"tasks"}
USER_FIELDS = frozenset({"id", "name"})
# Of those of Graph v26, the ones that the sandbox has values for.
BUSINESS_FIELDS = frozenset({"id", "name", "owned_pages", "client_pages"})
# https://developers.facebook.com/docs/graph-api/reference/page-post (v26), and edges that can be
# requested as fields. There is no type, and nothing tells a pinned or a boosted post.
_POST_FIELDS_TEXT = """
actions admin_creator allowed_advertising_objectives application backdated_time call_to_action
can_reply_privately child_attachments comments_mirroring_domain coordinates created_time event
expanded_height expanded_width feed_targeting from full_picture height icon id
instagram_eligibility is_app_share is_eligible_for_dark_post is_eligible_for_promotion is_expired
is_fb_live_videos is_hidden is_inline_created is_instagram_eligible is_live_clip is_popular
is_published is_spherical message message_tags multi_share_end_card multi_share_optimized
parent_id permalink_url picture place privacy promotable_id promotion_status properties
scheduled_publish_time shares status_type story story_tags subscribed target targeting
timeline_visibility updated_time via video_buying_eligibility was_fb_live_videos width
attachments insights reactions comments likes
"""
POST_FIELDS: frozenset[str] = frozenset(_POST_FIELDS_TEXT.split())
_ATTACHMENT_TEXT = "description media media_type subattachments target title type unshimmed_url url"
ATTACHMENT_FIELDS: frozenset[str] = frozenset(_ATTACHMENT_TEXT.split())
# https://developers.facebook.com/docs/graph-api/reference/video (v26)
_VIDEO_FIELDS_TEXT = """
ad_breaks admin_creator audio_isrc backdated_time backdated_time_granularity
boost_eligibility_info content_category content_tags copyright copyright_check_information
copyright_monitoring_status created_time custom_labels description embed_html embeddable event
expiration format from icon id is_crosspost_video is_crossposting_eligible is_episode
is_instagram_eligible is_reference_only length live_audience_count live_status
music_video_copyright permalink_url picture place post_id post_views
premiere_living_room_status privacy published scheduled_publish_time source spherical status
title universal_video_id updated_time views
"""
VIDEO_FIELDS: frozenset[str] = frozenset(_VIDEO_FIELDS_TEXT.split())

DEFAULT_NODE_FIELDS = "name,id"
DEFAULT_POST_FIELDS = "created_time,message,id"
DEFAULT_VIDEO_FIELDS = "description,updated_time,id"
DEFAULT_ACCOUNT_FIELDS = "access_token,category,category_list,name,id,tasks"

# Fields without pages_read_engagement. Meta does not document them; this is an assumption.
_FREE_TEXT = "id name category category_list access_token tasks picture link username is_published"
FREE_FIELDS: frozenset[str] = frozenset(_FREE_TEXT.split())

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MODIFIER = re.compile(r"\.([a-z_]+)\(([^()]*)\)")


@dataclass(frozen=True)
class Field:
    """One requested field; ``picture.width(100){url}`` has a modifier and a subfield."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    subfields: tuple["Field", ...] = ()


@lru_cache(maxsize=256)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Return the requested fields in order, each name once. GraphError 2500 for a syntax error."""
    if text.count("{") > 10:
        raise graph_errors.query_unreadable("The query is nested too deeply.")
    requested, end = _parse_list(text, 0)
    if end != len(text):
        raise _syntax_error(text, end)
    return requested


def get_fields(text: str, allowed: frozenset[str]) -> tuple[Field, ...]:
    """Return the requested fields. Raises GraphError 100 for the first field that is not in
    ``allowed``, since Facebook refuses the whole call."""
    requested = parse_fields(text)
    for requested_field in requested:
        if requested_field.name not in allowed:
            raise graph_errors.field_unknown(requested_field.name)
    return requested


def _parse_list(text: str, at: int) -> tuple[tuple[Field, ...], int]:
    fields: dict[str, Field] = {}
    while True:
        one, at = _parse_one(text, at)
        fields.setdefault(one.name, one)
        if at >= len(text) or text[at] != ",":
            return tuple(fields.values()), at
        at += 1


def _parse_one(text: str, at: int) -> tuple[Field, int]:
    while text[at : at + 1] == " ":
        at += 1
    name = _NAME.match(text, at)
    if name is None:
        raise _syntax_error(text, at)
    at = name.end()
    modifiers: dict[str, str] = {}
    while modifier := _MODIFIER.match(text, at):
        modifiers[modifier[1]] = modifier[2]
        at = modifier.end()
    subfields: tuple[Field, ...] = ()
    if text[at : at + 1] == "{":
        subfields, at = _parse_list(text, at + 1)
        if text[at : at + 1] != "}":
            raise _syntax_error(text, at)
        at += 1
    return Field(name[0], modifiers, subfields), at


def _syntax_error(text: str, at: int) -> graph_errors.GraphError:
    character = text[at : at + 1] or "end of string"
    message = (
        f'Syntax error "Field names expected, found {character!r}." at character {at}: {text[:100]}'
    )
    return graph_errors.query_unreadable(message)
