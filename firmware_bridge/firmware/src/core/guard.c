#include "guard.h"

#include "lock.h"

#define TRIPPED_MS 20 /* the free input has to be high for this long */
#define BUTTON_MS 5
#define UNTIL_START (FAULT_ENCODER_DEAD | FAULT_ENCODER_STORM | FAULT_JAM | FAULT_WATCHDOG)

static void show(struct board *board)
{
    platform_set_stack_light(board->belt || board->restart_left_ms);
    platform_set_status_led(!board->silent);
}

static void end_pulse(struct board *board)
{
    if (!board->pulse_left_ms)
        return;
    board->pulse_left_ms = 0;
    board->mask = 0;
    platform_set_outlets(0);
}

static void set_belt(struct board *board, bool running)
{
    if (running)
        end_pulse(board);
    board->belt = running;
    board->restart_left_ms = 0;
    board->dead_left_ms = board->settings.machine.encoder_dead_ms;
    platform_set_belt(running);
    platform_run_virtual_ticks(running && board->virtual_mticks_s);
    show(board);
}

static void stop_unordered(struct board *board, uint8_t standing, uint8_t reason)
{
    bool moving = board->belt || board->restart_left_ms;
    if (board->standing < standing && (moving || standing == STANDING_FOR_FAULT))
        board->standing = standing;
    board_stop_shots(board, reason);
    set_belt(board, false);
}

void guard_stop_for(struct board *board, uint16_t fault, uint8_t reason)
{
    board->faults |= fault;
    stop_unordered(board, STANDING_FOR_FAULT, reason);
}

/* --- every millisecond ------------------------------------------------------------------------ */

void board_on_estop(struct board *board)
{
    lock_t held = lock();
    board->estop_armed_left_ms = 0;
    if (!board->estop) {
        board->estop = true;
        platform_stop_pulses();
        stop_unordered(board, STANDING_FOR_FAULT, REASON_ESTOP);
    }
    unlock(held);
    board_settle(board);
}

static void watch_silence(struct board *board)
{
    lock_t held = lock();
    if (!board->silent && --board->silence_left_ms == 0) {
        board->silent = true;
        stop_unordered(board, STANDING_UNORDERED, REASON_SILENCE);
        board->unsettled = true;
    }
    unlock(held);
}

static void watch_encoder(struct board *board)
{
    lock_t held = lock();
    bool moved = board->tick_seen != (uint8_t)board->tick;
    board->tick_seen = (uint8_t)board->tick;
    if (moved || !board->belt || board->virtual_mticks_s) {
        board->dead_left_ms = board->settings.machine.encoder_dead_ms;
    } else if (--board->dead_left_ms == 0) {
        guard_stop_for(board, FAULT_ENCODER_DEAD | FAULT_JAM, REASON_ENCODER);
        board->unsettled = true;
    }
    unlock(held);
}

static void raise_jam(struct board *board)
{
    if (board->faults & FAULT_JAM)
        return;
    guard_stop_for(board, FAULT_JAM, REASON_JAM);
    board->unsettled = true;
}

static void watch_beams(struct board *board)
{
    const struct machine_write *machine = &board->settings.machine;
    if (!board->belt || !machine->jam_ticks)
        return;
    lock_t held = lock();
    uint32_t tick = board->tick;
    unlock(held);
    if (!beams_are_jammed(&board->beams, machine->beams, tick, machine->jam_ticks))
        return;
    held = lock();
    raise_jam(board);
    unlock(held);
}

static void watch_aux(struct board *board, bool high)
{
    uint8_t function = board->settings.machine.input_function;
    if (!high || function == FUNCTION_NONE)
        board->aux_ms = 0;
    else if (board->aux_ms < TRIPPED_MS)
        board->aux_ms++;
    bool tripped = board->aux_ms == TRIPPED_MS;
    lock_t held = lock();
    if (!tripped) {
        board->faults &= (uint16_t)~(FAULT_BIN_FULL | FAULT_COVER);
    } else if (function == FUNCTION_BIN_FULL) {
        board->faults |= FAULT_BIN_FULL;
    } else if (function == FUNCTION_JAM) {
        raise_jam(board);
    } else if (!(board->faults & FAULT_COVER)) {
        board->faults |= FAULT_COVER;
        stop_unordered(board, board->belt ? STANDING_FOR_FAULT : STANDING_BY_ORDER, REASON_COVER);
        board->unsettled = true;
    }
    unlock(held);
}

static uint8_t start(struct board *board)
{
    uint16_t faults = board->faults;
    board->faults = faults & (uint16_t)~UNTIL_START;
    uint8_t reason = board_hindrance(board);
    if (reason != REASON_NONE)
        board->faults = faults;
    else
        board->standing = STANDING_BY_ORDER;
    return reason;
}

/* The first press clears an emergency stop whose chain is closed, the next one starts. */
static void press(struct board *board)
{
    lock_t held = lock();
    if (board->estop) {
        if (!(board->inputs & INPUT_ESTOP))
            board->estop = false;
    } else if (start(board) == REASON_NONE && board->wanted) {
        set_belt(board, true);
    }
    unlock(held);
}

static void watch_button(struct board *board, bool pressed)
{
    if (!pressed)
        board->button_ms = 0;
    else if (board->button_ms < BUTTON_MS && ++board->button_ms == BUTTON_MS)
        press(board);
}

static void watch_restart(struct board *board)
{
    lock_t held = lock();
    if (board->restart_left_ms && --board->restart_left_ms == 0) {
        board->standing = STANDING_BY_ORDER;
        set_belt(board, true);
    }
    if (board->estop_armed_left_ms)
        board->estop_armed_left_ms--;
    unlock(held);
}

static void cut(struct board *board, struct cuts cuts)
{
    uint8_t mask = cuts.on_time | cuts.duty;
    lock_t held = lock();
    if (mask) {
        board->mask &= (uint8_t)~mask;
        platform_set_outlets(board->mask);
        board_drop_plan(board);
        board->pulse_left_ms = 0;
        board->unbooked.cut_on_time |= cuts.on_time;
        board->unbooked.cut_duty |= cuts.duty;
        board->unsettled = true;
    }
    if (board->pulse_left_ms == 1)
        end_pulse(board);
    else if (board->pulse_left_ms)
        board->pulse_left_ms--;
    unlock(held);
}

void board_on_timer(struct board *board)
{
    uint8_t inputs = platform_inputs();
    board->inputs = inputs;
    board->ms++;
    if (inputs & INPUT_ESTOP)
        board_on_estop(board);
    watch_silence(board);
    cut(board, limits_pass_ms(&board->limits, &board->settings, &board->mask));
    watch_encoder(board);
    watch_beams(board);
    watch_aux(board, inputs & INPUT_AUX);
    watch_button(board, !(inputs & INPUT_BUTTON));
    watch_restart(board);
    if (board->unsettled)
        board_settle(board);
}

/* --- main loop -------------------------------------------------------------------------------- */

void guard_init(struct board *board, bool settings_damaged)
{
    board->silent = true;
    board->standing = STANDING_UNORDERED;
    board->inputs = platform_inputs();
    board->button_ms = BUTTON_MS; /* a button held through the reset is no press */
    if (settings_damaged)
        board->faults = FAULT_SETTINGS;
    if (board->reset_cause == RESET_WATCHDOG)
        board->faults |= FAULT_WATCHDOG;
    if (board->inputs & INPUT_ESTOP) {
        board->estop = true;
        board->standing = STANDING_FOR_FAULT;
    }
    show(board);
}

void guard_hear(struct board *board)
{
    lock_t held = lock();
    board->silence_left_ms = board->settings.machine.silence_ms;
    board->silent = false;
    show(board);
    unlock(held);
}

void guard_begin_session(struct board *board)
{
    lock_t held = lock();
    stop_unordered(board, STANDING_UNORDERED, REASON_FLUSH);
    board->wanted = false;
    unlock(held);
    board_settle(board);
}

static bool may_restart(const struct board *board)
{
    return board->standing == STANDING_UNORDERED && board->settings.machine.auto_restart;
}

static uint8_t run(struct board *board, uint8_t order)
{
    uint8_t reason = order == ORDER_RUN_BY_OPERATOR ? start(board) : board_hindrance(board);
    if (reason != REASON_NONE)
        return reason;
    if (board->belt) {
        platform_run_virtual_ticks(board->virtual_mticks_s);
        return REASON_NONE;
    }
    if (board->standing == STANDING_BY_ORDER) {
        set_belt(board, true);
        return REASON_NONE;
    }
    if (!may_restart(board))
        return REASON_START_NEEDED;
    if (!board->restart_left_ms)
        board->restart_left_ms = RESTART_WARNING_US / 1000;
    show(board);
    return REASON_NONE;
}

uint8_t guard_order_belt(struct board *board, uint8_t order, uint32_t virtual_mticks_s)
{
    uint8_t reason = REASON_NONE;
    if (order != ORDER_STOP)
        platform_set_virtual_speed(virtual_mticks_s);
    lock_t held = lock();
    board->wanted = order != ORDER_STOP;
    end_pulse(board);
    if (order == ORDER_STOP) {
        set_belt(board, false);
    } else {
        board->virtual_mticks_s = virtual_mticks_s;
        reason = run(board, order);
    }
    unlock(held);
    return reason;
}

uint8_t guard_clear_estop(struct board *board, uint8_t step)
{
    uint8_t reason = REASON_NONE;
    lock_t held = lock();
    if (!board->estop) {
        reason = REASON_NONE;
    } else if (board->inputs & INPUT_ESTOP || platform_inputs() & INPUT_ESTOP) {
        reason = REASON_ESTOP;
    } else if (step == 1) {
        board->estop_armed_left_ms = ESTOP_CLEAR_US / 1000;
    } else if (step == 2 && board->estop_armed_left_ms) {
        board->estop = false;
    } else {
        reason = REASON_ESTOP;
    }
    unlock(held);
    return reason;
}

uint16_t guard_faults(const struct board *board)
{
    lock_t held = lock();
    uint16_t faults = board->faults;
    unlock(held);
    if (board->estop)
        faults |= FAULT_ESTOP;
    if (board->silent)
        faults |= FAULT_SILENCE;
    return faults;
}

uint8_t guard_flags(const struct board *board)
{
    uint8_t flags = 0;
    lock_t held = lock();
    if (board->belt)
        flags |= FLAG_BELT_RUNNING;
    if (board->standing != STANDING_BY_ORDER)
        flags |= FLAG_START_NEEDED;
    if (board->estop_armed_left_ms)
        flags |= FLAG_ESTOP_ARMED;
    if (board->save_place < SETTINGS_BYTES)
        flags |= FLAG_SAVING;
    if (board->virtual_mticks_s)
        flags |= FLAG_VIRTUAL_TICKS;
    if (board->restart_left_ms)
        flags |= FLAG_RESTARTING;
    unlock(held);
    return flags;
}
