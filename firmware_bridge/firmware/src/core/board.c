#include "board.h"

#include <string.h>

#include "commands.h"
#include "guard.h"
#include "lock.h"
#include "telling.h"
#include "wrapping.h"

uint8_t board_hindrance(const struct board *board)
{
    if (board->estop)
        return REASON_ESTOP;
    if (board->silent)
        return REASON_SILENCE;
    if (board->faults & (FAULT_ENCODER_DEAD | FAULT_ENCODER_STORM))
        return REASON_ENCODER;
    if (board->faults & FAULT_JAM)
        return REASON_JAM;
    return board->faults & FAULT_COVER ? REASON_COVER : REASON_NONE;
}

/* Once inserted it stays, unless its tick has come before a plan holds that knows it. */
static void insert_incoming(struct board *board, uint32_t tick)
{
    struct shot_slot *slot = board->incoming;
    uint8_t reason = REASON_NONE;
    if (slot->state == SLOT_FREE) {
        reason = board_hindrance(board);
        if (reason == REASON_NONE)
            reason = shot_queue_insert(&board->queue, slot, tick);
    } else if (slot->state == SLOT_ARMED && ahead(slot->ticks[0], tick) <= 0) {
        shot_queue_withdraw(&board->queue, slot);
        reason = REASON_LATE;
    }
    board->incoming_reason = reason;
}

static struct unbooked take_unbooked(struct board *board, uint8_t *done)
{
    lock_t held = lock();
    struct unbooked taken = board->unbooked;
    board->unbooked = (struct unbooked){0};
    *done = board->done;
    unlock(held);
    return taken;
}

/* In the order in which they can have happened: whatever else happens after something due was done drops
 * the plan, so that nothing more is done before it is booked. */
static void book(struct board *board, uint32_t tick)
{
    struct shot_queue *queue = &board->queue;
    uint8_t done;
    struct unbooked unbooked = take_unbooked(board, &done);
    for (; board->booked != done; board->booked++)
        shot_queue_advance(queue, &board->plan->dues[board->booked], board->limits.why,
                           board->incoming);
    if (unbooked.reversed)
        shot_queue_close(queue, 0xFF, OUTCOME_CANCELLED, REASON_REVERSE, board->reversed_tick);
    if (unbooked.cut_on_time)
        shot_queue_close(queue, unbooked.cut_on_time, OUTCOME_FIRED, REASON_ON_TIME, tick);
    if (unbooked.cut_duty)
        shot_queue_close(queue, unbooked.cut_duty, OUTCOME_FIRED, REASON_DUTY, tick);
    if (unbooked.stop)
        shot_queue_stop(queue, unbooked.stop, tick);
    if (board->drop_empty) {
        board->drop_empty = false;
        shot_queue_drop_empty(queue, tick);
    }
    if (board->incoming)
        insert_incoming(board, tick);
}

static uint32_t read_tick(const struct board *board)
{
    lock_t held = lock();
    uint32_t tick = board->tick;
    unlock(held);
    return tick;
}

static struct plan *other_plan(struct board *board)
{
    return &board->plans[board->plan == board->plans];
}

__attribute__((noinline)) static struct plan *settle_once(struct board *board)
{
    uint32_t tick = read_tick(board);
    struct plan *plan = other_plan(board);
    book(board, tick);
    shot_queue_plan(&board->queue, tick, plan);
    return plan;
}

/* Interrupts off. What became due meanwhile is done at once, and booked in another round. */
static inline void adopt_plan(struct board *board, struct plan *plan)
{
    struct due *due = plan->dues;
    board->plan = plan;
    board->due = due;
    board->booked = board->done = 0;
    board->incoming = 0;
    if (!due->set)
        return;
    int32_t late = ahead(board->tick, due->tick);
    if (late < 0)
        return;
    due->late = late < 0xFF ? (uint8_t)late : 0xFF;
    board_fire(board, due);
}

void board_settle(struct board *board)
{
    lock_t held = lock();
    board->unsettled = true;
    if (!board->settling) {
        board->settling = true;
        while (board->unsettled) {
            board->unsettled = false;
            let_interrupts_in();
            struct plan *plan = settle_once(board);
            keep_interrupts_out();
            if (!board->unsettled)
                adopt_plan(board, plan);
        }
        board->settling = false;
    }
    unlock(held);
}

static uint8_t servos(const struct settings *settings)
{
    uint8_t mask = 0;
    for (uint8_t i = 0; i < CHANNELS; i++)
        if (settings->outlets[i].kind == KIND_SERVO)
            mask |= (uint8_t)(1 << i);
    return mask;
}

void board_apply_settings(struct board *board)
{
    platform_set_servos(servos(&board->settings));
}

void board_on_storm(struct board *board)
{
    if (board->faults & FAULT_ENCODER_STORM)
        return;
    guard_stop_for(board, FAULT_ENCODER_STORM, REASON_ENCODER);
    board_settle(board);
}

void board_receive(struct board *board, uint8_t byte)
{
    const struct frame *frame = deframer_take(&board->deframer, byte);
    if (frame)
        commands_handle(board, frame);
}

void board_init(struct board *board, uint32_t boot_nonce, uint32_t build_hash, uint8_t reset_cause)
{
    memset(board, 0, sizeof *board);
    shot_queue_clear(&board->queue);
    board->plan = board->plans;
    board_drop_plan(board);
    board->boot_nonce = boot_nonce;
    board->build_hash = build_hash;
    board->reset_cause = reset_cause;
    board->save_place = SETTINGS_BYTES;
    guard_init(board, settings_load(&board->settings) == SETTINGS_DAMAGED);
    board_apply_settings(board);
    board->faults_told = FAULT_SILENCE;
    telling_identity(board, 0);
}
