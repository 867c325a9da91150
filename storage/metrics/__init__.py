"""Metrics: every formula for figures, without database, screen or clock.

A figure is a number of people at the end of a day. None is an unknown figure, and every result made
of it is None too; 0 is an ordinary figure. Percentages run from 0 to 100 and beyond; "pp" is
percentage points. "Net" is the difference of two figures. "Gained" and "lost" are gross counts from
Facebook and are never combined with net.

    formulas    growth between the ends of a period, ratios, the median of many Pages
    changes     change from day to day, best and worst day
    unusual     days beyond a Page's usual noise, and days on which many Pages fell
    forecast    range in which a figure will lie, and when it reaches a target
    milestones  round figures that were reached, and the next one
    goals       pace that a target needs, and the actual pace
    posts       ages at which posts are compared, rates, and what is usual
"""
