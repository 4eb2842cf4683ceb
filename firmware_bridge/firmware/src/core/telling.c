#include "telling.h"

#include <string.h>

#include "guard.h"
#include "lock.h"
#include "version.h"

#define RESEND_MS (REPORT_RESEND_US / 1000)

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

void telling_identity(const struct board *board, uint8_t seq)
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
        .capabilities = CAPABILITY_VIRTUAL_TICKS | CAPABILITY_SERVO | CAPABILITY_BEAM_EVENTS |
                        CAPABILITY_SETTINGS | CAPABILITY_PULSE,
    };
    transmit(MESSAGE_IDENTITY, seq, &identity, sizeof identity);
}

void telling_ack(uint8_t command, uint8_t seq, uint8_t status)
{
    struct ack ack = {.command = command, .status = status};
    transmit(MESSAGE_ACK, seq, &ack, sizeof ack);
}

void telling_state(const struct board *board, uint8_t seq)
{
    struct state state = {
        .faults = guard_faults(board),
        .flags = guard_flags(board),
        .inputs = platform_inputs(),
        .outlets = board->mask,
        .free_slots = shot_queue_free_slots(&board->queue),
        .frame_errors = (uint16_t)(board->deframer.errors + board->malformed),
    };
    lock_t held = lock();
    state.tick = board->tick;
    state.board_us = platform_now_us();
    state.encoder_errors = board->encoder_errors;
    state.ticks_back = board->ticks_back;
    unlock(held);
    transmit(MESSAGE_STATE, seq, &state, sizeof state);
}

void telling_settings(const struct board *board, uint8_t seq, uint8_t part)
{
    struct outlet_settings outlet = {.channel = part};
    if (part < CHANNELS) {
        memcpy(&outlet.kind, &board->settings.outlets[part], sizeof(struct outlet));
        transmit(MESSAGE_OUTLET_SETTINGS, seq, &outlet, sizeof outlet);
    } else {
        transmit(MESSAGE_MACHINE_SETTINGS, seq, &board->settings.machine,
                 sizeof(struct machine_settings));
    }
}

static bool is_time_to_tell(const struct board *board, bool told, uint8_t told_ms)
{
    return !told || (uint8_t)(board->ms - told_ms) >= RESEND_MS;
}

static bool tell_report(struct board *board, const struct shot_slot *slot)
{
    struct report report = {
        .item_id = slot->items[0],
        .items = slot->stands_for,
        .channel = slot->channel,
        .outcome = slot->outcome,
        .reason = slot->reason,
        .opened = slot->opened,
        .open_tick = slot->opened ? slot->ticks[0] : 0,
        .close_tick = slot->opened ? slot->ticks[1] : 0,
    };
    return transmit_event(board, MESSAGE_REPORT, &report, sizeof report);
}

static void tell_reports(struct board *board)
{
    if (board->queue.ended == board->queue.acknowledged)
        return;
    for (uint8_t i = 0; i < SHOT_SLOTS; i++) {
        struct shot_slot *slot = &board->queue.slots[i];
        if (slot->state != SLOT_ENDED || !is_time_to_tell(board, slot->told, slot->told_ms))
            continue;
        if (!tell_report(board, slot))
            return;
        slot->told = true;
        slot->told_ms = board->ms;
    }
}

static void tell_beams(struct board *board)
{
    for (uint8_t i = 0; i < EVENTS_KEPT; i++) {
        struct kept_edge *kept = &board->beams.kept[i];
        if (!kept->taken || !is_time_to_tell(board, kept->told, kept->told_ms))
            continue;
        if (!transmit_event(board, MESSAGE_BEAM_EDGE, &kept->edge, sizeof kept->edge))
            return;
        kept->told = true;
        kept->told_ms = board->ms;
    }
}

static void tell_faults(struct board *board)
{
    struct fault fault = {.faults = guard_faults(board)};
    if (fault.faults != board->faults_told &&
        transmit_event(board, MESSAGE_FAULT, &fault, sizeof fault))
        board->faults_told = fault.faults;
}

static void save(struct board *board)
{
    if (board->save_place == SETTINGS_BYTES ||
        !settings_save_byte(&board->settings, board->save_place))
        return;
    board->save_place++;
    if (board->save_place < SETTINGS_BYTES)
        return;
    lock_t held = lock();
    board->faults &= (uint16_t)~FAULT_SETTINGS;
    unlock(held);
}

void board_tell(struct board *board)
{
    save(board);
    if (!board->session)
        return;
    tell_faults(board);
    tell_reports(board);
    tell_beams(board);
}
