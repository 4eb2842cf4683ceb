/* What each outlet may bear: on-time, share of time, time between openings. */
#ifndef LIMITS_H
#define LIMITS_H

#include <stdint.h>

#include "settings.h"

struct limits {
    volatile uint8_t resting; /* outlets that must not open now */
    volatile uint8_t opened;  /* since the last millisecond */
    uint8_t counting;         /* outlets whose on-time runs */
    uint8_t why[CHANNELS];    /* REASON_* of those that rest */
    uint16_t on_left_ms[CHANNELS];
    uint16_t rest_left_ms[CHANNELS];
    uint16_t heat[CHANNELS];
    uint8_t phase;
};

struct cuts {
    uint8_t on_time;
    uint8_t duty;
};

/* These outlets have just opened. Interrupts off. */
static inline void limits_opened(struct limits *limits, uint8_t mask)
{
    limits->opened |= mask;
    limits->resting |= mask;
}

/* A millisecond has passed with the outlets in `mask` open; returns those to close. */
struct cuts limits_pass_ms(struct limits *limits, const struct settings *settings,
                           const volatile uint8_t *mask);

#endif
