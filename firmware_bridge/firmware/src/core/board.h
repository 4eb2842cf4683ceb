/* The board: sessions, commands, safety rules. One per program.
 *
 * board_on_step, board_on_estop and board_on_timer run in interrupts; the rest in the main loop. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "framing.h"
#include "shot_queue.h"

struct board {
    struct shot_queue queue;
    struct deframer deframer;
    volatile uint32_t tick;
    volatile uint16_t encoder_errors;
    uint32_t heard_us;
    uint32_t opened_us[CHANNELS];
    uint8_t mask; /* outlets as they are */
    volatile bool estop;
    volatile bool silent;
    volatile bool belt;
    bool button;
    uint32_t session;
    uint32_t boot_nonce;
    uint32_t build_hash;
    uint8_t reset_cause;
    uint8_t event_seq;
    uint8_t faults_told;
    uint16_t malformed;
};

void board_init(struct board *board, uint32_t boot_nonce, uint32_t build_hash, uint8_t reset_cause);

/* A byte from the host. */
void board_receive(struct board *board, uint8_t byte);

/* Tells the host what it does not know yet: reports and faults. */
void board_tell(struct board *board);

/* The encoder moved by one tick: `step` is 1 or -1. */
void board_on_step(struct board *board, int8_t step);

/* The E-stop chain is open. */
void board_on_estop(struct board *board);

/* About every millisecond, whatever the main loop does. */
void board_on_timer(struct board *board);

#endif
