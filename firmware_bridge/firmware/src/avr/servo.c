/* Hobby servos on outlets: one pulse each in a frame of 20 ms, by compare A of timer 1. */
#include <avr/interrupt.h>
#include <avr/io.h>

#include "lock.h"
#include "pins.h"
#include "the_board.h"

#define TURN 5000U /* half microseconds: an eighth of a frame, no pulse is longer */

static const uint8_t bits[CHANNELS] = {1, 2, 4, 8, 16, 32, 64, 128};

static uint8_t servos;
static uint8_t turn;
static uint16_t rest; /* of the turn, after its pulse */

static void set_pin(uint8_t bit, bool high)
{
    uint8_t d = (uint8_t)(bit << 4), c = bit >> 4;
    PORTD = (uint8_t)(high ? PORTD | d : PORTD & ~d);
    PORTC = (uint8_t)(high ? PORTC | c : PORTC & ~c);
}

void platform_set_servos(uint8_t mask)
{
    lock_t held = lock();
    platform_set_outlets(0);
    digital_pins_d = (uint8_t)(~mask << 4);
    digital_pins_c = OUTLETS_C & (uint8_t)~(mask >> 4);
    servos = mask;
    platform_stop_pulses();
    OCR1A = TCNT1 + TURN;
    TIFR1 = _BV(OCF1A);
    if (mask)
        TIMSK1 |= _BV(OCIE1A);
    else
        TIMSK1 &= (uint8_t)~_BV(OCIE1A);
    unlock(held);
}

void platform_stop_pulses(void)
{
    PORTD &= (uint8_t)~(servos << 4);
    PORTC &= (uint8_t)~(servos >> 4);
}

static bool begin_pulse(uint8_t bit)
{
    const struct outlet *outlet = &the_board.settings.outlets[turn];
    if (!(servos & bit) || the_board.estop)
        return false;
    uint16_t pulse = 2 * (the_board.mask & bit ? outlet->open_us : outlet->closed_us);
    set_pin(bit, true);
    OCR1A += pulse;
    rest = TURN - pulse;
    return true;
}

/* A pulse as long as its turn leaves no rest: it ends where the next turn begins. */
ISR(TIMER1_COMPA_vect)
{
    if (servos & bits[turn])
        set_pin(bits[turn], false);
    if (rest) {
        OCR1A += rest;
        rest = 0;
        return;
    }
    turn = (turn + 1) % CHANNELS;
    if (!begin_pulse(bits[turn]))
        OCR1A += TURN;
}
