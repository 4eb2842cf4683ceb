/* The whole core fed with bytes, ticks, time and pins in any order.
 *
 * An input is a list of moves. Most frames are well formed, or hardly any would pass the checksum, and
 * many carry the numbers of the present session and shots near the belt, or hardly any would be obeyed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "framing.h"
#include "host.h"

#define MS_US 1000
#define LONGEST_ON_US 2002000UL /* the highest ceiling, and the timer's grain */

struct input {
    const uint8_t *data;
    size_t left;
};

static struct board *board;
static struct deframer listener;
static uint32_t opened_us[CHANNELS];
static uint8_t seen; /* outlets at the last look */

static uint8_t take(struct input *input)
{
    if (!input->left)
        return 0;
    input->left--;
    return *input->data++;
}

static void take_into(struct input *input, void *to, size_t size)
{
    uint8_t *bytes = to;
    for (size_t i = 0; i < size; i++)
        bytes[i] = take(input);
}

static void demand(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* Once everything is booked, the queue knows of every open outlet, and of no other. */
static void check_books(void)
{
    uint8_t open = 0;
    if (board->unsettled)
        return;
    for (uint8_t i = 0; i < SHOT_SLOTS; i++) {
        const struct shot_slot *slot = &board->queue.slots[i];
        if (slot->state == SLOT_OPEN)
            open |= (uint8_t)(1 << slot->channel);
        if (slot->state == SLOT_ENDED && slot->outcome == OUTCOME_FIRED)
            demand(slot->opened);
    }
    demand(open == board->queue.open_mask);
    if (!board->pulse_left_ms)
        demand(open == board->mask);
}

/* What has to hold after every move. */
static void check_safety(void)
{
    uint8_t open = host.outlets;
    if (board->estop || board->silent)
        demand(open == 0 && !host.belt);
    for (uint8_t channel = 0; channel < CHANNELS; channel++) {
        uint8_t bit = (uint8_t)(1 << channel);
        if (open & bit & ~seen)
            opened_us[channel] = host.now_us;
        if (open & bit)
            demand(host.now_us - opened_us[channel] <= LONGEST_ON_US);
    }
    seen = open;
    demand(shot_queue_free_slots(&board->queue) <= SHOT_SLOTS);
    check_books();
}

/* What the board has sent is sound, to the byte. */
static void drain(void)
{
    for (uint16_t i = 0; i < host.wire_length; i++) {
        const struct frame *frame = deframer_take(&listener, host.wire[i]);
        if (frame)
            demand(frame->type >= MESSAGE_IDENTITY && frame->type <= MESSAGE_MACHINE_SETTINGS);
    }
    demand(listener.errors == 0);
    host.wire_length = 0;
}

static void receive(const uint8_t *bytes, uint8_t length)
{
    for (uint8_t i = 0; i < length; i++) {
        board_receive(board, bytes[i]);
        check_safety();
        drain();
    }
}

static void send(uint8_t type, const void *payload, uint8_t length)
{
    static uint8_t seq;
    uint8_t wire[FRAME_WIRE_MAX];
    receive(wire, frame_encode(wire, type, seq++, payload, length));
}

static void send_anything(struct input *input)
{
    uint8_t type = take(input);
    uint8_t payload[MAX_PAYLOAD];
    uint8_t length = take(input) % (MAX_PAYLOAD + 1);
    take_into(input, payload, length);
    send(type, payload, length);
}

static void send_shot(struct input *input)
{
    uint32_t first = board->tick + (uint32_t)(int8_t)take(input);
    struct shot_command shot = {
        .boot_nonce = board->boot_nonce,
        .session = board->session,
        .item_id = take(input) % 64,
        .mate_1 = take(input) % 64 / 4 * 4,
        .mate_2 = take(input) % 64 / 16 * 16,
        .channel = take(input) % (CHANNELS + 1),
        .open_tick = first,
        .close_tick = first + take(input) % 32,
    };
    send(MESSAGE_SHOT_COMMAND, &shot, sizeof shot);
}

static void send_belt(struct input *input)
{
    struct belt_command belt = {
        .boot_nonce = board->boot_nonce,
        .session = board->session,
        .order_id = board->belt_order_id + take(input) % 4,
        .run = take(input) % 4,
        .virtual_mticks_s = take(input) % 4 == 0 ? take(input) * 10000UL : 0,
    };
    send(MESSAGE_BELT_COMMAND, &belt, sizeof belt);
}

static void send_pulse(struct input *input)
{
    struct pulse pulse = {
        .boot_nonce = board->boot_nonce,
        .session = board->session,
        .pulse_id = take(input),
        .channel = take(input) % (CHANNELS + 1),
        .duration_ms = (uint16_t)(take(input) * 16),
    };
    send(MESSAGE_PULSE, &pulse, sizeof pulse);
}

static void send_outlet(struct input *input)
{
    struct outlet_write outlet = {
        .channel = take(input) % (CHANNELS + 1),
        .kind = take(input) % (KINDS + 1),
        .duty_percent = take(input) % 101,
        .max_on_ms = (uint16_t)(take(input) * 10),
        .min_cycle_ms = take(input),
        .closed_us = 1000,
        .open_us = 2000,
    };
    send(MESSAGE_OUTLET_WRITE, &outlet, sizeof outlet);
}

static void send_machine(struct input *input)
{
    struct machine_write machine = {
        .silence_ms = (uint16_t)(take(input) * 10),
        .encoder_dead_ms = (uint16_t)(take(input) * 10),
        .jam_ticks = take(input),
        .beams = take(input) % 4,
        .input_function = take(input) % 5,
        .auto_restart = take(input) % 2,
    };
    send(MESSAGE_MACHINE_WRITE, &machine, sizeof machine);
}

static void send_clear(struct input *input)
{
    struct estop_clear clear = {
        .boot_nonce = board->boot_nonce,
        .session = board->session,
        .step = take(input) % 4,
    };
    send(MESSAGE_ESTOP_CLEAR, &clear, sizeof clear);
}

static void send_number(struct input *input, uint8_t type, uint8_t size)
{
    uint32_t number = take(input) % 64;
    send(type, &number, size);
}

static void send_hello(uint32_t session)
{
    struct hello hello = {.protocol = PROTOCOL_VERSION, .session = session};
    send(MESSAGE_HELLO, &hello, sizeof hello);
}

static void pass_ms(uint16_t count, bool alive)
{
    while (count--) {
        if (alive && count % 128 == 0)
            send(MESSAGE_HEARTBEAT, "", 0);
        host.now_us += MS_US;
        board_on_timer(board);
        check_safety();
        board_tell(board);
        drain();
    }
}

/* A busy board settles late: some ticks go by without. */
static void step(struct input *input)
{
    uint8_t how = take(input);
    for (uint8_t i = 0; i <= how % 32; i++) {
        bool settle = board_on_step(board, how & 0x80 ? -1 : 1);
        if (settle && !(how & 0x40))
            board_settle(board);
        check_safety();
    }
}

static void set_inputs(struct input *input)
{
    host.inputs = take(input) & 0x1F;
    if (host.inputs & INPUT_ESTOP) {
        board_on_estop(board);
        demand(board->estop && host.outlets == 0 && !host.belt);
    }
}

static void reboot(struct input *input)
{
    host.outlets = 0;
    host.belt = false;
    host.wire_length = 0;
    memset(&listener, 0, sizeof listener);
    board = host_boot(board->boot_nonce + 1, 1, take(input) % 5, take(input) * 0x01010101UL);
}

static void raw(struct input *input)
{
    uint8_t bytes[16];
    uint8_t length = take(input) % (sizeof bytes + 1);
    take_into(input, bytes, length);
    receive(bytes, length);
}

/* A session in which the belt runs. */
static void begin(void)
{
    send_hello(1);
    send(MESSAGE_HEARTBEAT, "", 0);
    struct belt_command belt = {
        .boot_nonce = board->boot_nonce, .session = 1, .order_id = 1, .run = ORDER_RUN_BY_OPERATOR};
    send(MESSAGE_BELT_COMMAND, &belt, sizeof belt);
}

static void send_something(struct input *input, uint8_t kind)
{
    switch (kind) {
    case 0:
        send_anything(input);
        break;
    case 1:
        send_hello(take(input) % 4);
        break;
    case 2:
        send_belt(input);
        break;
    case 3:
        send_pulse(input);
        break;
    case 4:
        send_outlet(input);
        break;
    case 5:
        send_machine(input);
        break;
    case 6:
        send_clear(input);
        break;
    case 7:
        send_number(input, MESSAGE_REPORT_ACK, sizeof(struct report_ack));
        break;
    case 8:
        send_number(input, MESSAGE_EVENT_ACK, sizeof(struct event_ack));
        break;
    case 9:
        send_number(input, MESSAGE_CANCEL, sizeof(struct cancel));
        break;
    case 10:
        send_number(input, MESSAGE_SETTINGS_READ, sizeof(struct settings_read));
        break;
    case 11:
        send(MESSAGE_FLUSH, "", 0);
        break;
    default:
        begin();
    }
}

static void move_machine(struct input *input, uint8_t kind)
{
    switch (kind) {
    case 0:
        raw(input);
        break;
    case 1:
        set_inputs(input);
        break;
    case 2:
        host_note_beam(board, take(input) % 2, take(input) % 2);
        break;
    case 3:
        host_skip(board);
        break;
    case 4:
        reboot(input);
        break;
    case 5:
        board_on_storm(board);
        break;
    case 6:
        pass_ms((uint16_t)(take(input) * 2 + 1), false);
        break;
    default:
        pass_ms((uint16_t)(take(input) * 2 + 1), true);
    }
}

/* Half of all moves are shots and ticks. */
static void move(struct input *input)
{
    uint8_t kind = take(input) % 44;
    if (kind < 13)
        send_something(input, kind);
    else if (kind < 22)
        move_machine(input, kind - 13);
    else if (kind < 32)
        send_shot(input);
    else
        step(input);
    check_safety();
    board_tell(board);
    drain();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t start = take(&input);
    memset(&host, 0, sizeof host);
    memset(host.eeprom, 0xFF, sizeof host.eeprom);
    if (start % 8 == 1)
        take_into(&input, host.eeprom, 96);
    host.inputs = INPUT_BUTTON;
    seen = 0;
    memset(&listener, 0, sizeof listener);
    board = host_boot(1, 1, RESET_POWER_ON, start % 4 == 2 ? 0xFFFFFFE0UL : 0);
    drain();
    if (start % 8 != 3)
        begin();
    while (input.left)
        move(&input);
    return 0;
}
