#include "encoder.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "lock.h"
#include "pins.h"
#include "settling.h"
#include "the_board.h"

#define SKIPPED 2
#define BOTH (_BV(INT0) | _BV(INT1))

/* By old level * 4 + new level, where a level is A + 2 B; A rising before B is forward. */
static const int8_t steps[16] = {
    0, 1, -1, SKIPPED, -1, 0, SKIPPED, 1, 1, SKIPPED, 0, -1, SKIPPED, -1, 1, 0,
};

static uint8_t level;
static uint8_t edges_left;
static bool counting = true;

static inline uint8_t read_level(void)
{
    return PIND >> 2 & 3;
}

void encoder_start(void)
{
    level = read_level();
    edges_left = MAX_EDGES_PER_MS;
    EICRA = _BV(ISC00) | _BV(ISC10);
    EIFR = BOTH;
    EIMSK = BOTH;
}

void encoder_count(bool on)
{
    counting = on;
    level = read_level();
    EIFR = BOTH;
    EIMSK = on ? BOTH : 0;
}

/* After a storm the masked edges are lost; counting goes on from the levels of now. */
void encoder_pass_ms(void)
{
    lock_t held = lock();
    if (!edges_left && counting) {
        level = read_level();
        EIFR = BOTH;
        EIMSK = BOTH;
    }
    edges_left = MAX_EDGES_PER_MS;
    unlock(held);
}

/* A pulse that is over before the level is read, or is there in one reading and gone in the next, is
 * a glitch: it moves nothing. Its last edge calls again if it came after the first reading. */
ISR(INT0_vect)
{
    uint8_t now = read_level();
    int8_t step = steps[(uint8_t)(level << 2) | now];
    if (PIN_LEVEL(PIN_ESTOP))
        board_stop_at_tick(&the_board);
    if (--edges_left == 0) {
        EIMSK = 0;
        storm_noted = true;
        settle_soon();
    } else if (now != read_level() || step == 0) {
        the_board.encoder_errors += step != 0;
    } else {
        level = now;
        if (step == SKIPPED)
            the_board.encoder_errors++;
        else if (board_on_step(&the_board, step))
            settle_soon();
    }
}

ISR(INT1_vect, ISR_ALIASOF(INT0_vect));
