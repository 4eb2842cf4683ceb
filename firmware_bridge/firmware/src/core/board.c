#include "board.h"

#include <string.h>

#include "lock.h"
#include "platform.h"
#include "version.h"

/* --- outlets and safety: in interrupts or under the lock ------------------------------------- */

static void apply_outlets(struct board *board)
{
    uint8_t mask = board->queue.open_mask;
    uint8_t opening = mask & (uint8_t)~board->mask;
    if (mask == board->mask)
        return;
    platform_set_outlets(mask);
    board->mask = mask;
    if (!opening)
        return;
    uint32_t now_us = platform_now_us();
    for (uint8_t channel = 0; opening; channel++, opening >>= 1)
        if (opening & 1)
            board->opened_us[channel] = now_us;
}

static void set_belt(struct board *board, bool running)
{
    board->belt = running;
    platform_set_belt(running);
}

static void update_hindrance(struct board *board)
{
    uint8_t reason = board->silent ? REASON_SILENCE : REASON_NONE;
    board->queue.hindrance = board->estop ? REASON_ESTOP : reason;
    platform_set_status_led(!board->silent);
}

/* Pins first: cancelling 32 shots takes longer than an outlet may stay open. */
static void stop(struct board *board, uint8_t reason)
{
    platform_set_outlets(0);
    set_belt(board, false);
    shot_queue_stop(&board->queue, reason, board->tick);
    apply_outlets(board);
    update_hindrance(board);
}

void board_on_step(struct board *board, int8_t step)
{
    uint32_t tick = board->tick + (uint32_t)(int32_t)step;
    board->tick = tick;
    shot_queue_on_tick(&board->queue, tick, step > 0);
    apply_outlets(board);
}

void board_on_estop(struct board *board)
{
    if (board->estop)
        return;
    board->estop = true;
    stop(board, REASON_ESTOP);
}

/* Two steps clear an emergency stop: the chain is closed, and then the button is pressed. */
static void watch_button(struct board *board, uint8_t inputs)
{
    bool pressed = !(inputs & INPUT_BUTTON);
    if (pressed && !board->button && board->estop && !(inputs & INPUT_ESTOP)) {
        board->estop = false;
        update_hindrance(board);
    }
    board->button = pressed;
}

static void watch_silence(struct board *board, uint32_t now_us)
{
    if (board->silent || now_us - board->heard_us < SILENCE_US)
        return;
    board->silent = true;
    stop(board, REASON_SILENCE);
}

static void watch_on_time(struct board *board, uint32_t now_us)
{
    if (!board->mask)
        return;
    uint8_t mask = board->mask;
    for (uint8_t channel = 0; mask; channel++, mask >>= 1)
        if (mask & 1 && now_us - board->opened_us[channel] >= 2000000UL)
            shot_queue_cut(&board->queue, channel, board->tick);
    apply_outlets(board);
}

void board_on_timer(struct board *board)
{
    uint8_t inputs = platform_inputs();
    uint32_t now_us = platform_now_us();
    if (inputs & INPUT_ESTOP)
        board_on_estop(board);
    watch_button(board, inputs);
    watch_silence(board, now_us);
    watch_on_time(board, now_us);
}

/* --- to the host ------------------------------------------------------------------------------ */

static bool transmit(uint8_t type, uint8_t seq, const void *payload, uint8_t length)
{
    uint8_t wire[FRAME_WIRE_MAX];
    return platform_transmit(wire, frame_encode(wire, type, seq, payload, length));
}

static bool transmit_event(struct board *board, uint8_t type, const void *payload, uint8_t length)
{
    if (!transmit(type, (uint8_t)(board->event_seq + 1), payload, length))
        return false;
    board->event_seq++;
    return true;
}

static void transmit_identity(const struct board *board, uint8_t seq)
{
    struct identity identity = {
        .protocol = PROTOCOL_VERSION,
        .version_major = VERSION_MAJOR,
        .version_minor = VERSION_MINOR,
        .version_patch = VERSION_PATCH,
        .boot_nonce = board->boot_nonce,
        .session = board->session,
        .clock_hz = PLATFORM_CLOCK_HZ,
        .build_hash = board->build_hash,
        .channels = CHANNELS,
        .slots = SHOT_SLOTS,
        .reset_cause = board->reset_cause,
    };
    transmit(MESSAGE_IDENTITY, seq, &identity, sizeof identity);
}

static void transmit_ack(uint8_t command, uint8_t seq, uint8_t status)
{
    struct ack ack = {.command = command, .status = status};
    transmit(MESSAGE_ACK, seq, &ack, sizeof ack);
}

static uint8_t faults(const struct board *board)
{
    return (uint8_t)((board->estop ? FAULT_ESTOP : 0) | (board->silent ? FAULT_SILENCE : 0));
}

static void transmit_state(const struct board *board, uint8_t seq)
{
    struct state state = {
        .faults = faults(board),
        .flags = board->belt ? FLAG_BELT_RUNNING : 0,
        .inputs = platform_inputs(),
        .outlets = board->mask,
        .free_slots = shot_queue_free_slots(&board->queue),
        .frame_errors = (uint16_t)(board->deframer.errors + board->malformed),
    };
    lock_t held = lock();
    state.tick = board->tick;
    state.board_us = platform_now_us();
    state.encoder_errors = board->encoder_errors;
    unlock(held);
    transmit(MESSAGE_STATE, seq, &state, sizeof state);
}

static bool transmit_report(struct board *board, const struct shot_slot *slot)
{
    struct report report = {
        .item_id = slot->item_id,
        .items = 1,
        .channel = slot->channel,
        .outcome = slot->outcome,
        .reason = slot->reason,
        .opened = slot->opened,
        .open_tick = slot->opened ? slot->open_tick : 0,
        .close_tick = slot->opened ? slot->close_tick : 0,
    };
    return transmit_event(board, MESSAGE_REPORT, &report, sizeof report);
}

static void tell_reports(struct board *board)
{
    uint8_t now_ms = (uint8_t)(platform_now_us() >> 10);
    if (!board->queue.ended)
        return;
    for (uint8_t i = 0; i < SHOT_SLOTS; i++) {
        struct shot_slot *slot = &board->queue.slots[i];
        if (slot->state != SLOT_ENDED)
            continue;
        if (slot->told && (uint8_t)(now_ms - slot->told_ms) < REPORT_RESEND_US / 1000)
            continue;
        if (!transmit_report(board, slot))
            return;
        slot->told = true;
        slot->told_ms = now_ms;
    }
}

static void tell_faults(struct board *board)
{
    struct fault fault = {.faults = faults(board)};
    if (fault.faults != board->faults_told &&
        transmit_event(board, MESSAGE_FAULT, &fault, sizeof fault))
        board->faults_told = fault.faults;
}

void board_tell(struct board *board)
{
    if (!board->session)
        return;
    tell_faults(board);
    tell_reports(board);
}

/* --- from the host ---------------------------------------------------------------------------- */

static void hear(struct board *board)
{
    uint32_t now_us = platform_now_us();
    lock_t held = lock();
    board->heard_us = now_us;
    board->silent = false;
    update_hindrance(board);
    unlock(held);
}

static void greet(struct board *board, const struct frame *frame)
{
    struct hello hello;
    memcpy(&hello, frame->payload, sizeof hello);
    if (hello.session != board->session) {
        lock_t held = lock();
        shot_queue_clear(&board->queue);
        apply_outlets(board);
        set_belt(board, false);
        unlock(held);
        board->session = hello.session;
        hear(board);
    }
    transmit_identity(board, frame->seq);
}

static void handle_shot(struct board *board, const struct frame *frame)
{
    struct shot_command shot;
    memcpy(&shot, frame->payload, sizeof shot);
    if (shot.item_id == 0) {
        board->malformed++;
        return;
    }
    transmit_ack(frame->type, frame->seq, shot_queue_offer(&board->queue, &shot, &board->tick));
}

static void handle_belt(struct board *board, const struct frame *frame)
{
    struct belt_command command;
    memcpy(&command, frame->payload, sizeof command);
    bool run = command.run != ORDER_STOP;
    lock_t held = lock();
    uint8_t reason = run ? board->queue.hindrance : REASON_NONE;
    if (reason == REASON_NONE)
        set_belt(board, run);
    unlock(held);
    transmit_ack(frame->type, frame->seq, reason);
}

static void handle_flush(struct board *board, const struct frame *frame)
{
    lock_t held = lock();
    shot_queue_stop(&board->queue, REASON_FLUSH, board->tick);
    apply_outlets(board);
    unlock(held);
    transmit_ack(frame->type, frame->seq, REASON_NONE);
}

static void handle_report_ack(struct board *board, const struct frame *frame)
{
    struct report_ack ack;
    memcpy(&ack, frame->payload, sizeof ack);
    shot_queue_acknowledge(&board->queue, ack.item_id);
}

/* Length of a host message's payload; 0xFF for what is none. */
static uint8_t expected_length(uint8_t type)
{
    switch (type) {
    case MESSAGE_HELLO:
        return sizeof(struct hello);
    case MESSAGE_SHOT_COMMAND:
        return sizeof(struct shot_command);
    case MESSAGE_BELT_COMMAND:
        return sizeof(struct belt_command);
    case MESSAGE_REPORT_ACK:
        return sizeof(struct report_ack);
    case MESSAGE_HEARTBEAT:
    case MESSAGE_QUERY:
    case MESSAGE_FLUSH:
        return 0;
    default:
        return 0xFF;
    }
}

static void obey(struct board *board, const struct frame *frame)
{
    switch (frame->type) {
    case MESSAGE_HEARTBEAT:
        hear(board);
        transmit_state(board, frame->seq);
        break;
    case MESSAGE_QUERY:
        transmit_state(board, frame->seq);
        break;
    case MESSAGE_SHOT_COMMAND:
        handle_shot(board, frame);
        break;
    case MESSAGE_BELT_COMMAND:
        handle_belt(board, frame);
        break;
    case MESSAGE_FLUSH:
        handle_flush(board, frame);
        break;
    case MESSAGE_REPORT_ACK:
        handle_report_ack(board, frame);
        break;
    }
}

static void handle_frame(struct board *board, const struct frame *frame)
{
    bool hello = frame->type == MESSAGE_HELLO;
    if (hello && frame->length && frame->payload[0] != PROTOCOL_VERSION)
        transmit_identity(board, frame->seq);
    else if (frame->length != expected_length(frame->type))
        board->malformed++;
    else if (hello)
        greet(board, frame);
    else if (!board->session)
        transmit_identity(board, frame->seq);
    else
        obey(board, frame);
}

void board_receive(struct board *board, uint8_t byte)
{
    const struct frame *frame = deframer_take(&board->deframer, byte);
    if (frame)
        handle_frame(board, frame);
}

void board_init(struct board *board, uint32_t boot_nonce, uint32_t build_hash, uint8_t reset_cause)
{
    memset(board, 0, sizeof *board);
    shot_queue_clear(&board->queue);
    board->boot_nonce = boot_nonce;
    board->build_hash = build_hash;
    board->reset_cause = reset_cause;
    board->silent = true;
    board->estop = platform_inputs() & INPUT_ESTOP;
    board->faults_told = FAULT_SILENCE;
    update_hindrance(board);
    transmit_identity(board, 0);
}
