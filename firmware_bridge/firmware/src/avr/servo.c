#include "servo.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "lock.h"
#include "pins.h"

#define TURN 5000U /* half microseconds: an eighth of a frame, longer than any pulse */

static const uint8_t bits[CHANNELS] = {1, 2, 4, 8, 16, 32, 64, 128};

static const struct board *obeyed;
static uint8_t servos;
static uint8_t turn;
static uint16_t rest; /* of the turn, after its pulse */

static void set_pin(uint8_t bit, bool high)
{
    uint8_t d = (uint8_t)(bit << 4), c = bit >> 4;
    PORTD = (uint8_t)(high ? PORTD | d : PORTD & ~d);
    PORTC = (uint8_t)(high ? PORTC | c : PORTC & ~c);
}

void servo_start(const struct board *board)
{
    obeyed = board;
}

void platform_set_servos(uint8_t mask)
{
    lock_t held = lock();
    platform_set_outlets(0);
    digital_outlets = (uint8_t)~mask;
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
    const struct outlet *outlet = &obeyed->settings.outlets[turn];
    if (!(servos & bit) || obeyed->estop)
        return false;
    uint16_t pulse = 2 * (obeyed->mask & bit ? outlet->open_us : outlet->closed_us);
    set_pin(bit, true);
    OCR1A += pulse;
    rest = TURN - pulse;
    return true;
}

ISR(TIMER1_COMPA_vect)
{
    if (rest) {
        set_pin(bits[turn], false);
        OCR1A += rest;
        rest = 0;
        return;
    }
    turn = (turn + 1) % CHANNELS;
    if (!begin_pulse(bits[turn]))
        OCR1A += TURN;
}
