#include "shot_queue.h"

#include <string.h>

#include "lock.h"

/* A table, because an AVR shifts by a variable count bit by bit. */
static const uint8_t channel_bits[CHANNELS] = {1, 2, 4, 8, 16, 32, 64, 128};

void shot_queue_clear(struct shot_queue *queue)
{
    memset(queue, 0, sizeof *queue);
    queue->armed = NO_SLOT;
    queue->open = NO_SLOT;
}

static void end_slot(struct shot_queue *queue, struct shot_slot *slot, uint8_t outcome,
                     uint8_t reason, uint32_t tick)
{
    slot->close_tick = tick;
    slot->outcome = outcome;
    slot->reason = reason;
    slot->state = SLOT_ENDED;
    queue->ended++;
}

static void open_first(struct shot_queue *queue, uint32_t tick)
{
    uint8_t index = queue->armed;
    struct shot_slot *slot = &queue->slots[index];
    queue->armed = slot->next;
    queue->pops++;
    slot->next = queue->open;
    queue->open = index;
    slot->state = SLOT_OPEN;
    slot->opened = true;
    slot->open_tick = tick;
    queue->open_count[slot->channel]++;
    queue->open_mask |= channel_bits[slot->channel];
}

/* Ends the open slot that `link` points at and takes it out of the list. */
static void close_at(struct shot_queue *queue, uint8_t *link, uint8_t outcome, uint8_t reason,
                     uint32_t tick)
{
    struct shot_slot *slot = &queue->slots[*link];
    *link = slot->next;
    if (--queue->open_count[slot->channel] == 0)
        queue->open_mask &= (uint8_t)~channel_bits[slot->channel];
    end_slot(queue, slot, outcome, reason, tick);
}

static void close_all(struct shot_queue *queue, uint8_t reason, uint32_t tick)
{
    while (queue->open != NO_SLOT)
        close_at(queue, &queue->open, OUTCOME_CANCELLED, reason, tick);
}

static void close_due(struct shot_queue *queue, uint32_t tick)
{
    uint8_t *link = &queue->open;
    while (*link != NO_SLOT) {
        struct shot_slot *slot = &queue->slots[*link];
        if (ahead(tick, slot->close_tick) >= 0)
            close_at(queue, link, OUTCOME_FIRED, REASON_NONE, tick);
        else
            link = &slot->next;
    }
}

void shot_queue_on_tick(struct shot_queue *queue, uint32_t tick, bool forward)
{
    if (!forward) {
        close_all(queue, REASON_REVERSE, tick);
        return;
    }
    while (queue->armed != NO_SLOT && ahead(tick, queue->slots[queue->armed].open_tick) >= 0)
        open_first(queue, tick);
    close_due(queue, tick);
}

void shot_queue_stop(struct shot_queue *queue, uint8_t reason, uint32_t tick)
{
    close_all(queue, reason, tick);
    while (queue->armed != NO_SLOT) {
        struct shot_slot *slot = &queue->slots[queue->armed];
        queue->armed = slot->next;
        queue->pops++;
        end_slot(queue, slot, OUTCOME_CANCELLED, reason, tick);
    }
}

void shot_queue_cut(struct shot_queue *queue, uint8_t channel, uint32_t tick)
{
    uint8_t *link = &queue->open;
    while (*link != NO_SLOT) {
        struct shot_slot *slot = &queue->slots[*link];
        if (slot->channel == channel)
            close_at(queue, link, OUTCOME_FIRED, REASON_ON_TIME, tick);
        else
            link = &slot->next;
    }
}

static void remember(struct shot_queue *queue, uint32_t item_id, uint8_t reason)
{
    struct verdict *verdict = &queue->verdicts[queue->verdict_next];
    verdict->item_id = item_id;
    verdict->reason = reason;
    queue->verdict_next = (uint8_t)((queue->verdict_next + 1) % VERDICTS_KEPT);
}

static const struct verdict *recall(const struct shot_queue *queue, uint32_t item_id)
{
    for (uint8_t i = 0; i < VERDICTS_KEPT; i++)
        if (queue->verdicts[i].item_id == item_id)
            return &queue->verdicts[i];
    return 0;
}

static struct shot_slot *find(struct shot_queue *queue, uint32_t item_id)
{
    for (uint8_t i = 0; i < SHOT_SLOTS; i++)
        if (queue->slots[i].state != SLOT_FREE && queue->slots[i].item_id == item_id)
            return &queue->slots[i];
    return 0;
}

static uint8_t find_free(const struct shot_queue *queue)
{
    for (uint8_t i = 0; i < SHOT_SLOTS; i++)
        if (queue->slots[i].state == SLOT_FREE)
            return i;
    return NO_SLOT;
}

static uint8_t refusal(const struct shot_queue *queue, const struct shot_command *shot,
                       uint32_t tick)
{
    int32_t window = ahead(shot->close_tick, shot->open_tick);
    int32_t distance = ahead(shot->open_tick, tick);
    if (shot->channel >= CHANNELS)
        return REASON_CHANNEL;
    if (window <= 0 || window > (int32_t)HORIZON_TICKS)
        return REASON_WINDOW;
    if (distance <= 0)
        return REASON_LATE;
    if (distance > (int32_t)HORIZON_TICKS)
        return REASON_HORIZON;
    return find_free(queue) == NO_SLOT ? REASON_FULL : REASON_NONE;
}

/* The link after which a shot belongs: behind all that open no later. */
static uint8_t *find_place(struct shot_queue *queue, uint32_t open_tick)
{
    uint8_t *link = &queue->armed;
    while (*link != NO_SLOT && ahead(queue->slots[*link].open_tick, open_tick) <= 0)
        link = &queue->slots[*link].next;
    return link;
}

/* The walk to the place runs with interrupts on, or it would delay outlets; if an interrupt took a
 * shot off the list meanwhile, the walk is repeated. What forbids the shot is looked at again under
 * the lock: an emergency stop may have come in between. */
static uint8_t insert(struct shot_queue *queue, uint8_t index, const volatile uint32_t *tick)
{
    struct shot_slot *slot = &queue->slots[index];
    for (;;) {
        uint8_t pops = queue->pops;
        compiler_barrier();
        uint8_t *link = find_place(queue, slot->open_tick);
        lock_t held = lock();
        uint8_t reason = queue->hindrance;
        if (reason == REASON_NONE && ahead(slot->open_tick, *tick) <= 0)
            reason = REASON_LATE;
        bool unmoved = pops == queue->pops;
        if (unmoved && reason == REASON_NONE) {
            slot->next = *link;
            slot->state = SLOT_ARMED;
            *link = index;
        }
        unlock(held);
        if (unmoved || reason != REASON_NONE)
            return reason;
    }
}

static uint8_t arm(struct shot_queue *queue, const struct shot_command *shot,
                   const volatile uint32_t *tick)
{
    uint8_t index = find_free(queue);
    struct shot_slot *slot = &queue->slots[index];
    slot->item_id = shot->item_id;
    slot->channel = shot->channel;
    slot->open_tick = shot->open_tick;
    slot->close_tick = shot->close_tick;
    slot->opened = false;
    slot->told = false;
    return insert(queue, index, tick);
}

static uint32_t read_tick(const volatile uint32_t *tick)
{
    lock_t held = lock();
    uint32_t now = *tick;
    unlock(held);
    return now;
}

uint8_t shot_queue_offer(struct shot_queue *queue, const struct shot_command *shot,
                         const volatile uint32_t *tick)
{
    if (find(queue, shot->item_id))
        return REASON_NONE;
    const struct verdict *verdict = recall(queue, shot->item_id);
    if (verdict)
        return verdict->reason;
    uint8_t reason = queue->hindrance;
    if (reason == REASON_NONE)
        reason = refusal(queue, shot, read_tick(tick));
    if (reason == REASON_NONE)
        reason = arm(queue, shot, tick);
    if (reason != REASON_NONE)
        remember(queue, shot->item_id, reason);
    return reason;
}

void shot_queue_acknowledge(struct shot_queue *queue, uint32_t item_id)
{
    struct shot_slot *slot = find(queue, item_id);
    if (!slot || slot->state != SLOT_ENDED)
        return;
    remember(queue, item_id, REASON_NONE);
    lock_t held = lock();
    slot->state = SLOT_FREE;
    queue->ended--;
    unlock(held);
}

uint8_t shot_queue_free_slots(const struct shot_queue *queue)
{
    uint8_t count = 0;
    for (uint8_t i = 0; i < SHOT_SLOTS; i++)
        count += queue->slots[i].state == SLOT_FREE;
    return count;
}
