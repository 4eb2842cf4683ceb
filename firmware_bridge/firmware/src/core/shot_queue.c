#include "shot_queue.h"

#include <string.h>

#include "wrapping.h"

/* A table, because an AVR shifts by a variable count bit by bit. */
static const uint8_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};

void shot_queue_clear(struct shot_queue *queue)
{
    memset(queue, 0, sizeof *queue);
    queue->armed = NO_SLOT;
    queue->open = NO_SLOT;
}

/* --- lists: in board_settle ------------------------------------------------------------------- */

static void end_slot(struct shot_queue *queue, struct shot_slot *slot, uint8_t outcome,
                     uint8_t reason, uint32_t tick)
{
    slot->close_tick = tick;
    slot->outcome = outcome;
    slot->reason = reason;
    slot->state = SLOT_ENDED;
    queue->ended++;
}

static struct shot_slot *take_first(struct shot_queue *queue, uint8_t *link)
{
    struct shot_slot *slot = &queue->slots[*link];
    *link = slot->next;
    return slot;
}

static void open_slot(struct shot_queue *queue, uint8_t index, uint32_t tick)
{
    struct shot_slot *slot = &queue->slots[index];
    slot->next = queue->open;
    queue->open = index;
    slot->state = SLOT_OPEN;
    slot->opened = true;
    slot->open_tick = tick;
    queue->open_count[slot->channel]++;
    queue->open_mask |= bits[slot->channel];
}

/* Ends the open slot that `link` points at. */
static void close_at(struct shot_queue *queue, uint8_t *link, uint8_t outcome, uint8_t reason,
                     uint32_t tick)
{
    struct shot_slot *slot = take_first(queue, link);
    if (--queue->open_count[slot->channel] == 0)
        queue->open_mask &= (uint8_t)~bits[slot->channel];
    end_slot(queue, slot, outcome, reason, tick);
}

uint8_t shot_queue_insert(struct shot_queue *queue, struct shot_slot *slot, uint32_t tick)
{
    uint8_t *link = &queue->armed;
    if (ahead(slot->open_tick, tick) <= 0)
        return REASON_LATE;
    while (*link != NO_SLOT && ahead(queue->slots[*link].open_tick, slot->open_tick) <= 0)
        link = &queue->slots[*link].next;
    slot->next = *link;
    *link = (uint8_t)(slot - queue->slots);
    slot->state = SLOT_ARMED;
    return REASON_NONE;
}

/* Opens what is due. Only a board that was kept from settling for the whole window finds a shot whose
 * window is over before it opened: too late. */
static uint8_t open_due(struct shot_queue *queue, uint32_t due, uint32_t tick, uint8_t resting,
                        const uint8_t *why_resting)
{
    uint8_t opened = 0;
    while (queue->armed != NO_SLOT && ahead(due, queue->slots[queue->armed].open_tick) >= 0) {
        uint8_t index = queue->armed;
        struct shot_slot *slot = take_first(queue, &queue->armed);
        uint8_t bit = bits[slot->channel];
        if (ahead(due, slot->close_tick) >= 0) {
            end_slot(queue, slot, OUTCOME_REFUSED, REASON_LATE, tick);
        } else if (resting & bit & (uint8_t)~queue->open_mask) {
            uint8_t why = why_resting[slot->channel];
            end_slot(queue, slot, OUTCOME_REFUSED, why ? why : REASON_MIN_CYCLE, tick);
        } else {
            opened |= bit & (uint8_t)~queue->open_mask;
            open_slot(queue, index, tick);
        }
    }
    return opened;
}

static void close_due(struct shot_queue *queue, uint32_t due, uint32_t tick)
{
    uint8_t *link = &queue->open;
    while (*link != NO_SLOT) {
        struct shot_slot *slot = &queue->slots[*link];
        if (ahead(due, slot->close_tick) >= 0)
            close_at(queue, link, OUTCOME_FIRED, REASON_NONE, tick);
        else
            link = &slot->next;
    }
}

uint8_t shot_queue_advance(struct shot_queue *queue, uint32_t due, uint32_t tick, uint8_t resting,
                           const uint8_t *why_resting)
{
    uint8_t opened = open_due(queue, due, tick, resting, why_resting);
    close_due(queue, due, tick);
    return opened;
}

void shot_queue_close(struct shot_queue *queue, uint8_t mask, uint8_t outcome, uint8_t reason,
                      uint32_t tick)
{
    uint8_t *link = &queue->open;
    while (*link != NO_SLOT) {
        struct shot_slot *slot = &queue->slots[*link];
        if (mask & bits[slot->channel])
            close_at(queue, link, outcome, reason, tick);
        else
            link = &slot->next;
    }
}

void shot_queue_stop(struct shot_queue *queue, uint8_t reason, uint32_t tick)
{
    shot_queue_close(queue, 0xFF, OUTCOME_CANCELLED, reason, tick);
    while (queue->armed != NO_SLOT)
        end_slot(queue, take_first(queue, &queue->armed), OUTCOME_CANCELLED, reason, tick);
}

void shot_queue_drop_empty(struct shot_queue *queue, uint32_t tick)
{
    uint8_t *link = &queue->armed;
    while (*link != NO_SLOT) {
        if (queue->slots[*link].stands_for)
            link = &queue->slots[*link].next;
        else
            end_slot(queue, take_first(queue, link), OUTCOME_CANCELLED, REASON_CANCEL, tick);
    }
}

struct due shot_queue_next_due(const struct shot_queue *queue, uint32_t tick)
{
    struct due due = {.tick = 0};
    uint8_t staying = 0;
    if (queue->armed != NO_SLOT) {
        due.set = true;
        due.tick = queue->slots[queue->armed].open_tick;
    }
    for (uint8_t i = queue->open; i != NO_SLOT; i = queue->slots[i].next) {
        if (!due.set || ahead(queue->slots[i].close_tick, due.tick) < 0)
            due.tick = queue->slots[i].close_tick;
        due.set = true;
    }
    if (due.set && ahead(tick, due.tick) > 0)
        due.tick = tick;
    for (uint8_t i = queue->armed; i != NO_SLOT; i = queue->slots[i].next) {
        const struct shot_slot *slot = &queue->slots[i];
        if (ahead(slot->open_tick, due.tick) > 0)
            break;
        if (ahead(slot->close_tick, due.tick) > 0)
            due.opens |= bits[slot->channel];
    }
    for (uint8_t i = queue->open; i != NO_SLOT; i = queue->slots[i].next)
        if (ahead(queue->slots[i].close_tick, due.tick) > 0)
            staying |= bits[queue->slots[i].channel];
    due.closes = queue->open_mask & (uint8_t)~(staying | due.opens);
    return due;
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
    slot->open_tick = shot->open_tick;
    slot->close_tick = shot->close_tick;
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
