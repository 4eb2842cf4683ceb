#include "beams.h"

#include "wrapping.h"

static struct kept_edge *find_free(struct beams *beams)
{
    for (uint8_t i = 0; i < EVENTS_KEPT; i++)
        if (!beams->kept[i].taken)
            return &beams->kept[i];
    return 0;
}

void beams_note(struct beams *beams, uint8_t beam, bool blocked, uint32_t tick, uint32_t now_us)
{
    if (beams->blocked[beam] == blocked)
        return;
    beams->blocked[beam] = blocked;
    beams->since_tick[beam] = tick;
    beams->number++;
    struct kept_edge *kept = find_free(beams);
    if (!kept)
        return;
    kept->edge.number = beams->number;
    kept->edge.beam = beam;
    kept->edge.blocked = blocked;
    kept->edge.tick = tick;
    kept->edge.board_us = now_us;
    kept->told = false;
    kept->taken = true;
}

bool beams_are_jammed(const struct beams *beams, uint8_t mask, uint32_t tick, uint16_t ticks)
{
    for (uint8_t beam = 0; beam < BEAM_COUNT; beam++) {
        int32_t gone = ahead(tick, beams->since_tick[beam]);
        if (mask & 1 << beam && beams->blocked[beam] && (gone < 0 ? -gone : gone) > ticks)
            return true;
    }
    return false;
}

void beams_acknowledge(struct beams *beams, uint16_t number)
{
    for (uint8_t i = 0; i < EVENTS_KEPT; i++)
        if (beams->kept[i].taken && beams->kept[i].edge.number == number)
            beams->kept[i].taken = false;
}

void beams_forget(struct beams *beams)
{
    for (uint8_t i = 0; i < EVENTS_KEPT; i++)
        beams->kept[i].taken = false;
}
