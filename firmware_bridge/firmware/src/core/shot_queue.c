#include "shot_queue.h"

#include <string.h>

#include "wrapping.h"

/* A table, because an AVR shifts by a variable count bit by bit. */
static const uint8_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};

static struct shot_slot *slot_of(struct shot_queue *queue, uint8_t edge)
{
    return &queue->slots[edge >> 1];
}

void shot_queue_clear(struct shot_queue *queue)
{
    memset(queue, 0, sizeof *queue);
    queue->first = NO_EDGE;
}

/* --- edges: in board_settle ------------------------------------------------------------------- */

/* Puts an edge behind those of its tick, from `link` on; returns where the next one may go. */
static uint8_t *link_edge(struct shot_queue *queue, uint8_t *link, uint8_t edge)
{
    struct shot_slot *slot = slot_of(queue, edge);
    uint32_t tick = slot->ticks[edge & 1];
    while (*link != NO_EDGE) {
        struct shot_slot *other = slot_of(queue, *link);
        if (ahead(other->ticks[*link & 1], tick) > 0)
            break;
        link = &other->next[*link & 1];
    }
    slot->next[edge & 1] = *link;
    *link = edge;
    return &slot->next[edge & 1];
}

static void end_slot(struct shot_queue *queue, struct shot_slot *slot, uint8_t outcome,
                     uint8_t reason, uint32_t tick)
{
    slot->ticks[1] = tick;
    slot->outcome = outcome;
    slot->reason = reason;
    slot->state = SLOT_ENDED;
    queue->ended++;
}

static void open_slot(struct shot_queue *queue, struct shot_slot *slot, uint32_t tick)
{
    slot->state = SLOT_OPEN;
    slot->opened = true;
    slot->ticks[0] = tick;
    queue->open_count[slot->channel]++;
    queue->open_mask |= bits[slot->channel];
}

static void close_slot(struct shot_queue *queue, struct shot_slot *slot, uint8_t outcome,
                       uint8_t reason, uint32_t tick)
{
    if (--queue->open_count[slot->channel] == 0)
        queue->open_mask &= (uint8_t)~bits[slot->channel];
    end_slot(queue, slot, outcome, reason, tick);
}

/* Takes the edges of ended shots off the list. */
static void unlink_ended(struct shot_queue *queue)
{
    uint8_t *link = &queue->first;
    while (*link != NO_EDGE) {
        struct shot_slot *slot = slot_of(queue, *link);
        uint8_t *next = &slot->next[*link & 1];
        if (slot->state == SLOT_ENDED)
            *link = *next;
        else
            link = next;
    }
}

uint8_t shot_queue_insert(struct shot_queue *queue, struct shot_slot *slot, uint32_t tick)
{
    uint8_t edge = (uint8_t)((slot - queue->slots) << 1);
    if (ahead(slot->ticks[0], tick) <= 0)
        return REASON_LATE;
    link_edge(queue, link_edge(queue, &queue->first, edge), edge | 1);
    slot->state = SLOT_ARMED;
    return REASON_NONE;
}

void shot_queue_withdraw(struct shot_queue *queue, struct shot_slot *slot)
{
    slot->state = SLOT_ENDED;
    unlink_ended(queue);
    slot->state = SLOT_FREE;
}

/* Only a board that was kept from settling for the whole window finds a shot whose window is over
 * before it opened: too late. */
static void pass_opening(struct shot_queue *queue, struct shot_slot *slot, const struct due *due,
                         uint8_t resting, const uint8_t *why_resting)
{
    uint32_t tick = due->tick + due->late;
    if (ahead(due->tick, slot->ticks[1]) >= 0) {
        end_slot(queue, slot, OUTCOME_REFUSED, REASON_LATE, tick);
    } else if (resting & bits[slot->channel]) {
        uint8_t why = why_resting[slot->channel];
        end_slot(queue, slot, OUTCOME_REFUSED, why ? why : REASON_MIN_CYCLE, tick);
    } else {
        open_slot(queue, slot, tick);
    }
}

void shot_queue_advance(struct shot_queue *queue, const struct due *due,
                        const uint8_t *why_resting, const struct shot_slot *unplanned)
{
    uint8_t resting = due->resting & (uint8_t)~queue->open_mask;
    bool refused = false;
    uint8_t *link = &queue->first;
    while (*link != NO_EDGE) {
        uint8_t edge = *link;
        struct shot_slot *slot = slot_of(queue, edge);
        if (ahead(due->tick, slot->ticks[edge & 1]) < 0)
            break;
        if (slot == unplanned) {
            link = &slot->next[edge & 1];
            continue;
        }
        *link = slot->next[edge & 1];
        if (edge & 1) {
            if (slot->state == SLOT_OPEN)
                close_slot(queue, slot, OUTCOME_FIRED, REASON_NONE, due->tick + due->late);
        } else {
            pass_opening(queue, slot, due, resting, why_resting);
            refused |= slot->state == SLOT_ENDED;
        }
    }
    if (refused)
        unlink_ended(queue);
}

void shot_queue_close(struct shot_queue *queue, uint8_t mask, uint8_t outcome, uint8_t reason,
                      uint32_t tick)
{
    for (uint8_t i = 0; i < SHOT_SLOTS; i++) {
        struct shot_slot *slot = &queue->slots[i];
        if (slot->state == SLOT_OPEN && mask & bits[slot->channel])
            close_slot(queue, slot, outcome, reason, tick);
    }
    unlink_ended(queue);
}

void shot_queue_stop(struct shot_queue *queue, uint8_t reason, uint32_t tick)
{
    shot_queue_close(queue, 0xFF, OUTCOME_CANCELLED, reason, tick);
    for (uint8_t i = 0; i < SHOT_SLOTS; i++)
        if (queue->slots[i].state == SLOT_ARMED)
            end_slot(queue, &queue->slots[i], OUTCOME_CANCELLED, reason, tick);
    queue->first = NO_EDGE;
}

void shot_queue_drop_empty(struct shot_queue *queue, uint32_t tick)
{
    for (uint8_t i = 0; i < SHOT_SLOTS; i++) {
        struct shot_slot *slot = &queue->slots[i];
        if (slot->state == SLOT_ARMED && !slot->stands_for)
            end_slot(queue, slot, OUTCOME_CANCELLED, REASON_CANCEL, tick);
    }
    unlink_ended(queue);
}

/* The outlets as they will be, while the plan is made. */
struct prospect {
    uint8_t count[CHANNELS];
    uint8_t open;
};

static void foresee_opening(struct prospect *prospect, struct due *due,
                            const struct shot_slot *slot)
{
    uint8_t bit = bits[slot->channel];
    if (ahead(due->tick, slot->ticks[1]) >= 0)
        return; /* over already */
    prospect->count[slot->channel]++;
    prospect->open |= bit;
    due->opens |= bit;
}

static void foresee_closing(struct prospect *prospect, uint8_t channel)
{
    if (--prospect->count[channel] == 0)
        prospect->open &= (uint8_t)~bits[channel];
}

void shot_queue_plan(const struct shot_queue *queue, uint32_t tick, struct plan *plan)
{
    struct prospect prospect = {.open = queue->open_mask};
    struct due *due = plan->dues;
    uint8_t edge = queue->first;
    memcpy(prospect.count, queue->open_count, sizeof prospect.count);
    for (; due < &plan->dues[PLANNED] && edge != NO_EDGE; due++) {
        const struct shot_slot *slot = &queue->slots[edge >> 1];
        uint8_t before = prospect.open;
        uint32_t planned = slot->ticks[edge & 1];
        *due = (struct due){.tick = ahead(tick, planned) > 0 ? tick : planned, .set = true};
        while (ahead(slot->ticks[edge & 1], due->tick) <= 0) {
            if (!(edge & 1))
                foresee_opening(&prospect, due, slot);
            else if (slot->state == SLOT_OPEN || due != plan->dues)
                foresee_closing(&prospect, slot->channel);
            edge = slot->next[edge & 1];
            if (edge == NO_EDGE)
                break;
            slot = &queue->slots[edge >> 1];
        }
        due->closes = before & (uint8_t)~prospect.open;
    }
    due->set = false;
    plan->dues[PLANNED].set = false;
}

/* --- main loop -------------------------------------------------------------------------------- */

void shot_queue_forget(struct shot_queue *queue)
{
    for (uint8_t i = 0; i < SHOT_SLOTS; i++)
        queue->slots[i].state = SLOT_FREE;
    queue->acknowledged = queue->ended;
    memset(queue->verdicts, 0, sizeof queue->verdicts);
}

void shot_queue_remember(struct shot_queue *queue, uint32_t item_id, uint8_t reason)
{
    if (reason == REASON_FULL)
        return;
    struct verdict *verdict = &queue->verdicts[queue->verdict_next];
    verdict->item_id = item_id;
    verdict->reason = reason;
    queue->verdict_next = (uint8_t)((queue->verdict_next + 1) % VERDICTS_KEPT);
}

const struct verdict *shot_queue_recall(const struct shot_queue *queue, uint32_t item_id)
{
    for (uint8_t i = 0; item_id && i < VERDICTS_KEPT; i++)
        if (queue->verdicts[i].item_id == item_id)
            return &queue->verdicts[i];
    return 0;
}

struct shot_slot *shot_queue_find(struct shot_queue *queue, uint32_t item_id)
{
    for (uint8_t i = 0; i < SHOT_SLOTS; i++) {
        struct shot_slot *slot = &queue->slots[i];
        if (slot->state == SLOT_FREE)
            continue;
        for (uint8_t k = 0; k < ITEMS_PER_SHOT && slot->items[k]; k++)
            if (slot->items[k] == item_id)
                return slot;
    }
    return 0;
}

static struct shot_slot *find_free(struct shot_queue *queue)
{
    for (uint8_t i = 0; i < SHOT_SLOTS; i++)
        if (queue->slots[i].state == SLOT_FREE)
            return &queue->slots[i];
    return 0;
}

static uint8_t judge_window(const struct shot_command *shot, uint32_t tick)
{
    int32_t window = ahead(shot->close_tick, shot->open_tick);
    int32_t distance = ahead(shot->open_tick, tick);
    if (shot->channel >= CHANNELS)
        return REASON_CHANNEL;
    if (window <= 0 || window > (int32_t)HORIZON_TICKS)
        return REASON_WINDOW;
    if (distance <= 0)
        return REASON_LATE;
    return distance > (int32_t)HORIZON_TICKS ? REASON_HORIZON : REASON_NONE;
}

/* The mates close ranks: no 0 stands before an item. */
static void fill(struct shot_slot *slot, const struct shot_command *shot)
{
    const uint32_t mates[] = {shot->mate_1, shot->mate_2, shot->mate_3};
    uint8_t count = 1;
    slot->items[0] = shot->item_id;
    for (uint8_t i = 0; i < ITEMS_PER_SHOT - 1; i++)
        if (mates[i])
            slot->items[count++] = mates[i];
    slot->stands_for = (uint8_t)((1 << count) - 1);
    while (count < ITEMS_PER_SHOT)
        slot->items[count++] = 0;
    slot->channel = shot->channel;
    slot->ticks[0] = shot->open_tick;
    slot->ticks[1] = shot->close_tick;
    slot->opened = false;
    slot->told = false;
}

uint8_t shot_queue_judge(struct shot_queue *queue, const struct shot_command *shot, uint32_t tick,
                         struct shot_slot **slot)
{
    struct shot_slot *holder = shot_queue_find(queue, shot->item_id);
    *slot = 0;
    if (holder)
        return holder->items[0] == shot->item_id ? REASON_NONE : REASON_DUPLICATE;
    if ((shot->mate_1 && shot_queue_find(queue, shot->mate_1)) ||
        (shot->mate_2 && shot_queue_find(queue, shot->mate_2)) ||
        (shot->mate_3 && shot_queue_find(queue, shot->mate_3)))
        return REASON_DUPLICATE;
    uint8_t reason = judge_window(shot, tick);
    if (reason != REASON_NONE)
        return reason;
    *slot = find_free(queue);
    if (!*slot)
        return REASON_FULL;
    fill(*slot, shot);
    return REASON_NONE;
}

void shot_queue_acknowledge(struct shot_queue *queue, uint32_t item_id)
{
    struct shot_slot *slot = shot_queue_find(queue, item_id);
    if (!slot || slot->state != SLOT_ENDED || slot->items[0] != item_id)
        return;
    shot_queue_remember(queue, item_id, REASON_NONE);
    slot->state = SLOT_FREE;
    queue->acknowledged++;
}

uint8_t shot_queue_free_slots(const struct shot_queue *queue)
{
    uint8_t count = 0;
    for (uint8_t i = 0; i < SHOT_SLOTS; i++)
        count += queue->slots[i].state == SLOT_FREE;
    return count;
}
