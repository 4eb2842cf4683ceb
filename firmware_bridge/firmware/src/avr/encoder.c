#include "encoder.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "pins.h"

#define SKIPPED 2

/* By old level * 4 + new level, where a level is A + 2 B; A rising before B is forward. */
static const int8_t steps[16] = {
    0, 1, -1, SKIPPED, -1, 0, SKIPPED, 1, 1, SKIPPED, 0, -1, SKIPPED, -1, 1, 0,
};

static struct board *watched;
static uint8_t level;

static uint8_t read_level(void)
{
    return PIND >> 2 & 3;
}

void encoder_start(struct board *board)
{
    watched = board;
    level = read_level();
    EICRA = _BV(ISC00) | _BV(ISC10);
    EIFR = _BV(INTF0) | _BV(INTF1);
    EIMSK = _BV(INT0) | _BV(INT1);
}

ISR(INT0_vect)
{
    uint8_t now = read_level();
    int8_t step = steps[level << 2 | now];
    level = now;
    if (step == SKIPPED)
        watched->encoder_errors++;
    else if (step)
        board_on_step(watched, step);
}

ISR(INT1_vect, ISR_ALIASOF(INT0_vect));
