#include "limits.h"

#include "lock.h"

/* Heat rises by (100 - duty) and falls by duty in every 4 ms, so that only an outlet that keeps to
 * its share of time cools down. An opening counts as 4 ms at once, or pulses shorter than that could
 * slip between two looks; with two turns more an outlet that has rested may stay open for its longest
 * on-time all the same. */
static uint16_t most_heat(const struct outlet *outlet)
{
    return (uint16_t)(((outlet->max_on_ms + 3) / 4 + 2) * (100 - outlet->duty_percent));
}

/* Stricter settings may have left more heat than they allow: that stays, or they would cool. */
static void warm(struct limits *limits, const struct outlet *outlet, uint8_t channel)
{
    uint16_t most = most_heat(outlet);
    uint16_t heat = (uint16_t)(limits->heat[channel] + 100 - outlet->duty_percent);
    if (heat > most)
        heat = most;
    if (heat > limits->heat[channel])
        limits->heat[channel] = heat;
}

static void cool(struct limits *limits, const struct outlet *outlet, uint8_t channel)
{
    uint16_t heat = limits->heat[channel];
    heat = heat > outlet->duty_percent ? (uint16_t)(heat - outlet->duty_percent) : 0;
    limits->heat[channel] = heat;
    if (limits->why[channel] == REASON_DUTY && heat <= most_heat(outlet) / 2)
        limits->why[channel] = REASON_NONE;
}

/* One millisecond of the on-time goes to the time since the opening. */
static void begin(struct limits *limits, const struct outlet *outlet, uint8_t channel)
{
    limits->on_left_ms[channel] = outlet->max_on_ms;
    limits->rest_left_ms[channel] = outlet->min_cycle_ms;
    limits->why[channel] = REASON_MIN_CYCLE;
    warm(limits, outlet, channel);
}

static void rest(struct limits *limits, uint8_t channel)
{
    if (limits->rest_left_ms[channel])
        limits->rest_left_ms[channel]--;
    else if (limits->why[channel] == REASON_MIN_CYCLE)
        limits->why[channel] = REASON_NONE;
}

static bool overheats(struct limits *limits, const struct outlet *outlet, uint8_t channel)
{
    warm(limits, outlet, channel);
    if (limits->heat[channel] < most_heat(outlet))
        return false;
    limits->why[channel] = REASON_DUTY;
    return true;
}

static bool is_turn_of(struct limits *limits, uint8_t channel)
{
    return (channel & 3) == limits->phase;
}

/* The mask is read together with what has opened: an outlet that opens between two readings would be
 * counted by neither millisecond, and its on-time have no end. */
struct cuts limits_pass_ms(struct limits *limits, const struct settings *settings,
                           const volatile uint8_t *mask)
{
    struct cuts cuts = {0, 0};
    uint8_t resting = 0;
    lock_t held = lock();
    uint8_t opened = limits->opened;
    limits->opened = 0;
    limits->counting = (limits->counting | opened) & *mask;
    unlock(held);
    limits->phase = (limits->phase + 1) & 3;
    for (uint8_t channel = 0, bit = 1; channel < CHANNELS; channel++, bit = (uint8_t)(bit << 1)) {
        const struct outlet *outlet = &settings->outlets[channel];
        if (opened & bit)
            begin(limits, outlet, channel);
        if (limits->counting & bit && --limits->on_left_ms[channel] == 0)
            cuts.on_time |= bit;
        if (is_turn_of(limits, channel)) {
            if (!(limits->counting & bit))
                cool(limits, outlet, channel);
            else if (overheats(limits, outlet, channel))
                cuts.duty |= bit;
        }
        rest(limits, channel);
        if (limits->why[channel] != REASON_NONE)
            resting |= bit;
    }
    held = lock();
    limits->resting = resting | limits->opened;
    cuts.on_time &= (uint8_t)~limits->opened;
    cuts.duty &= (uint8_t)~(limits->opened | cuts.on_time);
    unlock(held);
    return cuts;
}
