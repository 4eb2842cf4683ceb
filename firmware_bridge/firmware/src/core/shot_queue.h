/* Shots: windows of ticks per outlet, executed tick by tick, each ending in one report.
 *
 * shot_queue_on_tick, _stop and _cut run in interrupts or under a lock. The rest runs in the main
 * loop. A slot stays taken until its report is acknowledged. Windows of one outlet may overlap: the
 * outlet is open while any of them is. */
#ifndef SHOT_QUEUE_H
#define SHOT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"

#define NO_SLOT 0xFF

enum slot_state { SLOT_FREE, SLOT_ARMED, SLOT_OPEN, SLOT_ENDED };

struct shot_slot {
    uint32_t item_id;
    uint32_t open_tick; /* planned, then actual */
    uint32_t close_tick;
    uint8_t channel;
    uint8_t state;
    uint8_t outcome;
    uint8_t reason;
    bool opened;
    bool told;
    uint8_t told_ms;
    uint8_t next;
};

struct verdict {
    uint32_t item_id;
    uint8_t reason;
};

struct shot_queue {
    struct shot_slot slots[SHOT_SLOTS];
    uint8_t armed; /* list by open_tick */
    uint8_t open;
    volatile uint8_t pops;  /* counts removals from the armed list, so that an insertion notices */
    volatile uint8_t ended; /* slots with a report to tell */
    volatile uint8_t hindrance; /* why no shot at all is taken now, or REASON_NONE */
    uint8_t open_mask;
    uint8_t open_count[CHANNELS];
    struct verdict verdicts[VERDICTS_KEPT];
    uint8_t verdict_next;
};

/* How far tick `a` lies ahead of `b`, right across the wrap. */
static inline int32_t ahead(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

void shot_queue_clear(struct shot_queue *queue);

/* Arms a shot; returns REASON_NONE or why it is refused. A repeat gets its first answer. */
uint8_t shot_queue_offer(struct shot_queue *queue, const struct shot_command *shot,
                         const volatile uint32_t *tick);

void shot_queue_on_tick(struct shot_queue *queue, uint32_t tick, bool forward);

/* Closes every outlet and cancels every shot. */
void shot_queue_stop(struct shot_queue *queue, uint8_t reason, uint32_t tick);

/* Closes an outlet that has been on for as long as it may. */
void shot_queue_cut(struct shot_queue *queue, uint8_t channel, uint32_t tick);

/* The host has the report on this item. */
void shot_queue_acknowledge(struct shot_queue *queue, uint32_t item_id);

uint8_t shot_queue_free_slots(const struct shot_queue *queue);

#endif
