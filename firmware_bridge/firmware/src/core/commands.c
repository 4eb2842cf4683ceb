#include "commands.h"

#include <string.h>

#include "guard.h"
#include "lock.h"
#include "telling.h"
#include "wrapping.h"

static uint32_t read_tick(const struct board *board)
{
    lock_t held = lock();
    uint32_t tick = board->tick;
    unlock(held);
    return tick;
}

static bool is_stale(const struct board *board, uint32_t boot_nonce, uint32_t session)
{
    return boot_nonce != board->boot_nonce || session != board->session;
}

static bool is_pulsing(const struct board *board)
{
    lock_t held = lock();
    bool pulsing = board->pulse_left_ms != 0;
    unlock(held);
    return pulsing;
}

static bool is_idle(const struct board *board)
{
    return !board->belt && !is_pulsing(board) &&
           shot_queue_free_slots(&board->queue) == SHOT_SLOTS;
}

/* --- session ---------------------------------------------------------------------------------- */

static void greet(struct board *board, const struct frame *frame)
{
    const struct hello *hello = (const void *)frame->payload;
    if (hello->session && hello->session != board->session) {
        guard_begin_session(board);
        shot_queue_forget(&board->queue);
        beams_forget(&board->beams);
        board->pulse_id = 0;
        board->belt_order_id = 0;
        board->session = hello->session;
        guard_hear(board);
    }
    telling_identity(board, frame->seq);
}

/* --- shots ------------------------------------------------------------------------------------ */

static uint8_t arm(struct board *board, const struct shot_command *shot)
{
    struct shot_slot *slot;
    uint8_t reason = shot_queue_judge(&board->queue, shot, read_tick(board), &slot);
    if (!slot)
        return reason;
    if (board->settings.outlets[shot->channel].kind == KIND_OFF)
        return REASON_SETTINGS;
    if (is_pulsing(board))
        return REASON_BUSY;
    lock_t held = lock();
    board->incoming = slot;
    unlock(held);
    board_settle(board);
    return board->incoming_reason;
}

static uint8_t take_shot(struct board *board, const struct shot_command *shot)
{
    if (is_stale(board, shot->boot_nonce, shot->session))
        return REASON_STALE;
    const struct shot_slot *holder = shot_queue_find(&board->queue, shot->item_id);
    if (holder && holder->items[0] == shot->item_id)
        return REASON_NONE;
    const struct verdict *verdict = shot_queue_recall(&board->queue, shot->item_id);
    if (verdict)
        return verdict->reason;
    uint8_t reason = board_hindrance(board);
    if (reason == REASON_NONE)
        reason = arm(board, shot);
    if (reason != REASON_NONE)
        shot_queue_remember(&board->queue, shot->item_id, reason);
    return reason;
}

static uint8_t cancel(struct board *board, uint32_t item_id)
{
    struct shot_slot *slot = shot_queue_find(&board->queue, item_id);
    if (!slot)
        return shot_queue_recall(&board->queue, item_id) ? REASON_LATE : REASON_NO_SHOT;
    uint8_t bit = 1;
    for (uint8_t i = 0; slot->items[i] != item_id; i++)
        bit = (uint8_t)(bit << 1);
    if (!(slot->stands_for & bit))
        return REASON_NONE;
    lock_t held = lock();
    /* A shot that has opened and is not booked yet still passes for armed. */
    while (board->unsettled) {
        unlock(held);
        board_settle(board);
        held = lock();
    }
    bool in_time = slot->state == SLOT_ARMED;
    if (in_time)
        slot->stands_for &= (uint8_t)~bit;
    if (slot->stands_for == 0) {
        board->drop_empty = true;
        board_drop_plan(board);
    }
    unlock(held);
    if (!in_time)
        return REASON_LATE;
    board_settle(board);
    return REASON_NONE;
}

static void flush(struct board *board)
{
    lock_t held = lock();
    board_stop_shots(board, REASON_FLUSH);
    unlock(held);
    board_settle(board);
}

/* --- by hand ---------------------------------------------------------------------------------- */

static uint8_t judge_pulse(const struct board *board, const struct pulse *pulse)
{
    uint8_t reason = board_hindrance(board);
    if (reason != REASON_NONE)
        return reason;
    if (pulse->channel >= CHANNELS)
        return REASON_CHANNEL;
    const struct outlet *outlet = &board->settings.outlets[pulse->channel];
    if (outlet->kind == KIND_OFF)
        return REASON_SETTINGS;
    if (pulse->duration_ms == 0 || pulse->duration_ms > outlet->max_on_ms)
        return REASON_WINDOW;
    if (!is_idle(board))
        return REASON_BUSY;
    if (board->limits.resting & 1 << pulse->channel) {
        uint8_t why = board->limits.why[pulse->channel];
        return why ? why : REASON_MIN_CYCLE;
    }
    return REASON_NONE;
}

static uint8_t fire_by_hand(struct board *board, const struct pulse *pulse)
{
    if (is_stale(board, pulse->boot_nonce, pulse->session))
        return REASON_STALE;
    if (pulse->pulse_id == board->pulse_id)
        return REASON_NONE;
    uint8_t reason = judge_pulse(board, pulse);
    if (reason != REASON_NONE)
        return reason;
    lock_t held = lock();
    reason = board->belt ? REASON_BUSY : board_hindrance(board);
    if (reason == REASON_NONE) {
        board->pulse_id = pulse->pulse_id;
        board->mask = (uint8_t)(1 << pulse->channel);
        platform_set_outlets(board->mask);
        board->pulse_left_ms = pulse->duration_ms;
        limits_opened(&board->limits, board->mask);
    }
    unlock(held);
    board_settle(board);
    return reason;
}

/* --- settings --------------------------------------------------------------------------------- */

static uint8_t write_outlet(struct board *board, const struct outlet_write *wanted)
{
    uint8_t reason = settings_judge_outlet(wanted);
    if (reason != REASON_NONE)
        return reason;
    if (!is_idle(board))
        return REASON_BUSY;
    lock_t held = lock();
    memcpy(&board->settings.outlets[wanted->channel], &wanted->kind, sizeof(struct outlet));
    unlock(held);
    board_apply_settings(board);
    board->save_place = 0;
    return REASON_NONE;
}

static uint8_t write_machine(struct board *board, const struct machine_write *wanted)
{
    uint8_t reason = settings_judge_machine(wanted);
    if (reason != REASON_NONE)
        return reason;
    if (!is_idle(board))
        return REASON_BUSY;
    lock_t held = lock();
    board->settings.machine = *wanted;
    unlock(held);
    board->save_place = 0;
    return REASON_NONE;
}

/* --- dispatch --------------------------------------------------------------------------------- */

static const uint8_t lengths[] = {
    [MESSAGE_HELLO] = sizeof(struct hello),
    [MESSAGE_SHOT_COMMAND] = sizeof(struct shot_command),
    [MESSAGE_BELT_COMMAND] = sizeof(struct belt_command),
    [MESSAGE_REPORT_ACK] = sizeof(struct report_ack),
    [MESSAGE_CANCEL] = sizeof(struct cancel),
    [MESSAGE_EVENT_ACK] = sizeof(struct event_ack),
    [MESSAGE_ESTOP_CLEAR] = sizeof(struct estop_clear),
    [MESSAGE_PULSE] = sizeof(struct pulse),
    [MESSAGE_SETTINGS_READ] = sizeof(struct settings_read),
    [MESSAGE_OUTLET_WRITE] = sizeof(struct outlet_write),
    [MESSAGE_MACHINE_WRITE] = sizeof(struct machine_write),
};

union request {
    struct shot_command shot;
    struct belt_command belt;
    struct report_ack report_ack;
    struct cancel cancel;
    struct event_ack event_ack;
    struct estop_clear estop_clear;
    struct pulse pulse;
    struct settings_read settings_read;
    struct outlet_write outlet_write;
    struct machine_write machine_write;
};

static uint8_t order_belt(struct board *board, const struct belt_command *belt)
{
    int32_t newer = ahead(belt->order_id, board->belt_order_id);
    if (is_stale(board, belt->boot_nonce, belt->session) || newer < 0)
        return REASON_STALE;
    if (newer) {
        board->belt_order_id = belt->order_id;
        board->belt_answer = guard_order_belt(board, belt->run, belt->virtual_mticks_s);
    }
    return board->belt_answer;
}

static uint8_t clear_estop(struct board *board, const struct estop_clear *clear)
{
    if (is_stale(board, clear->boot_nonce, clear->session))
        return REASON_STALE;
    return guard_clear_estop(board, clear->step);
}

static bool is_sound(const union request *request, uint8_t type)
{
    switch (type) {
    case MESSAGE_SHOT_COMMAND:
        return request->shot.item_id != 0;
    case MESSAGE_BELT_COMMAND:
        return request->belt.order_id != 0 && request->belt.run <= ORDER_RUN_BY_OPERATOR;
    case MESSAGE_PULSE:
        return request->pulse.pulse_id != 0;
    case MESSAGE_SETTINGS_READ:
        return request->settings_read.part <= MACHINE_PART;
    default:
        return true;
    }
}

/* Commands that are answered by Ack. */
static uint8_t carry_out(struct board *board, const union request *request, uint8_t type)
{
    switch (type) {
    case MESSAGE_SHOT_COMMAND:
        return take_shot(board, &request->shot);
    case MESSAGE_BELT_COMMAND:
        return order_belt(board, &request->belt);
    case MESSAGE_CANCEL:
        return cancel(board, request->cancel.item_id);
    case MESSAGE_ESTOP_CLEAR:
        return clear_estop(board, &request->estop_clear);
    case MESSAGE_PULSE:
        return fire_by_hand(board, &request->pulse);
    case MESSAGE_OUTLET_WRITE:
        return write_outlet(board, &request->outlet_write);
    case MESSAGE_MACHINE_WRITE:
        return write_machine(board, &request->machine_write);
    default:
        flush(board);
        return REASON_NONE;
    }
}

static void obey(struct board *board, const struct frame *frame)
{
    const union request *request = (const void *)frame->payload;
    if (!is_sound(request, frame->type)) {
        board->malformed++;
        return;
    }
    switch (frame->type) {
    case MESSAGE_HEARTBEAT:
        guard_hear(board);
        telling_state(board, frame->seq);
        break;
    case MESSAGE_QUERY:
        telling_state(board, frame->seq);
        break;
    case MESSAGE_REPORT_ACK:
        shot_queue_acknowledge(&board->queue, request->report_ack.item_id);
        break;
    case MESSAGE_EVENT_ACK:
        beams_acknowledge(&board->beams, request->event_ack.number);
        break;
    case MESSAGE_SETTINGS_READ:
        telling_settings(board, frame->seq, request->settings_read.part);
        break;
    default:
        telling_ack(frame->type, frame->seq, carry_out(board, request, frame->type));
    }
}

void commands_handle(struct board *board, const struct frame *frame)
{
    bool hello = frame->type == MESSAGE_HELLO;
    bool known = frame->type && frame->type < sizeof lengths;
    if (hello && frame->length && frame->payload[0] != PROTOCOL_VERSION)
        telling_identity(board, frame->seq);
    else if (!known || frame->length != lengths[frame->type])
        board->malformed++;
    else if (hello)
        greet(board, frame);
    else if (!board->session)
        telling_identity(board, frame->seq);
    else
        obey(board, frame);
}
