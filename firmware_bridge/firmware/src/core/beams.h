/* Edges of the beams: stamped when they come, kept until the host has them. */
#ifndef BEAMS_H
#define BEAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"

#define BEAM_COUNT 2

struct kept_edge {
    struct beam_edge edge;
    bool told;
    uint8_t told_ms;
    bool taken; /* waiting for its acknowledgement */
};

struct beams {
    struct kept_edge kept[EVENTS_KEPT];
    uint16_t number;
    bool blocked[BEAM_COUNT];
    uint32_t since_tick[BEAM_COUNT];
};

/* In the millisecond's interrupt. A level that is known already is no edge. */
void beams_note(struct beams *beams, uint8_t beam, bool blocked, uint32_t tick, uint32_t now_us);

/* Whether a beam in `mask` has been blocked for more than `ticks`. */
bool beams_are_jammed(const struct beams *beams, uint8_t mask, uint32_t tick, uint16_t ticks);

/* Main loop. */
void beams_acknowledge(struct beams *beams, uint16_t number);
void beams_forget(struct beams *beams);

#endif
