/* Shots: windows of ticks per outlet, each ending in one report.
 *
 * The list of edges belongs to shot_queue_advance and its neighbours, which only board_settle calls
 * and which never interrupt each other. The main loop looks shots up, adds one through
 * shot_queue_insert, and owns ended and free slots. A slot stays taken until its report is
 * acknowledged. Windows of one outlet may overlap: the outlet is open while any of them is. */
#ifndef SHOT_QUEUE_H
#define SHOT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "messages.h"

/* A shot has two edges: that of slot s which opens is 2 s, that which closes is 2 s + 1. */
#define NO_EDGE 0xFF

enum slot_state { SLOT_FREE, SLOT_ARMED, SLOT_OPEN, SLOT_ENDED };

struct shot_slot {
    uint32_t items[ITEMS_PER_SHOT]; /* the first is the key; 0 for none */
    uint32_t ticks[2];              /* opening and closing: planned, then actual */
    uint8_t stands_for; /* bit i: item i has not been cancelled */
    uint8_t channel;
    volatile uint8_t state;
    uint8_t outcome;
    uint8_t reason;
    bool opened;
    bool told;
    uint8_t told_ms;
    uint8_t next[2]; /* edge after each of its own */
};

struct verdict {
    uint32_t item_id;
    uint8_t reason;
};

/* A tick at which an outlet may change, and how. */
struct due {
    uint32_t tick;
    uint8_t opens;
    uint8_t closes;
    uint8_t resting; /* outlets that might not open when it was done */
    uint8_t late;    /* ticks after `tick` at which it was done */
    bool set;
};

#define PLANNED 4

/* The next ticks at which something is due, in order; the last one is never set. */
struct plan {
    struct due dues[PLANNED + 1];
};

struct shot_queue {
    struct shot_slot slots[SHOT_SLOTS];
    uint8_t first; /* edge to come */
    volatile uint8_t ended; /* counts ended slots, wrapping: told apart from `acknowledged` */
    uint8_t acknowledged;
    uint8_t open_mask;
    uint8_t open_count[CHANNELS];
    struct verdict verdicts[VERDICTS_KEPT];
    uint8_t verdict_next;
};

void shot_queue_clear(struct shot_queue *queue);

/* --- main loop --- */

/* Frees every slot and forgets every verdict, when nothing is armed or open. */
void shot_queue_forget(struct shot_queue *queue);

/* The slot that names an item, if one does. */
struct shot_slot *shot_queue_find(struct shot_queue *queue, uint32_t item_id);

/* What the queue itself answers to a shot: REASON_NONE with `*slot` filled for shot_queue_insert;
 * with `*slot` null for a repeat of a shot that it holds; or why it is refused. */
uint8_t shot_queue_judge(struct shot_queue *queue, const struct shot_command *shot, uint32_t tick,
                         struct shot_slot **slot);

/* The last answer to an ended or refused shot, so that a repeat gets it again; null if forgotten. A full
 * queue is soon another one: that answer is not kept, such a shot may come again. */
const struct verdict *shot_queue_recall(const struct shot_queue *queue, uint32_t item_id);
void shot_queue_remember(struct shot_queue *queue, uint32_t item_id, uint8_t reason);

/* The host has the report on this shot. */
void shot_queue_acknowledge(struct shot_queue *queue, uint32_t item_id);

uint8_t shot_queue_free_slots(const struct shot_queue *queue);

/* --- board_settle --- */

/* Arms a filled slot; REASON_LATE if the belt is there already. */
uint8_t shot_queue_insert(struct shot_queue *queue, struct shot_slot *slot, uint32_t tick);

/* Takes an armed slot back. */
void shot_queue_withdraw(struct shot_queue *queue, struct shot_slot *slot);

/* What was due at `due` has been done. An outlet in its `resting` that was not open has not opened: its
 * shots are refused for what `why_resting` says of it. A slot that is `unplanned` had no part in it. */
void shot_queue_advance(struct shot_queue *queue, const struct due *due,
                        const uint8_t *why_resting, const struct shot_slot *unplanned);

/* Ends every open shot on the outlets in `mask`. */
void shot_queue_close(struct shot_queue *queue, uint8_t mask, uint8_t outcome, uint8_t reason,
                      uint32_t tick);

/* Cancels every shot. */
void shot_queue_stop(struct shot_queue *queue, uint8_t reason, uint32_t tick);

/* Cancels armed shots that stand for no item any more. */
void shot_queue_drop_empty(struct shot_queue *queue, uint32_t tick);

/* What is to be done next, provided that no outlet rests; overdue edges are due at `tick`. */
void shot_queue_plan(const struct shot_queue *queue, uint32_t tick, struct plan *plan);

#endif
