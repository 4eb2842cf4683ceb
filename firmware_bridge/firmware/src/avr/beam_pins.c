#include "beam_pins.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "clock.h"
#include "lock.h"
#include "pins.h"

static struct board *told;

static void note(uint8_t beam, bool blocked, uint32_t now_us)
{
    if (told->settings.machine.beams & 1 << beam)
        beams_note(&told->beams, beam, blocked, told->tick, now_us);
}

/* Each looks for the edge away from the level that is known. */
static void watch_entry(bool blocked)
{
    TCCR1B = (uint8_t)(_BV(ICNC1) | _BV(CS11) | (blocked ? 0 : _BV(ICES1)));
    TIFR1 = _BV(ICF1);
    TIMSK1 |= _BV(ICIE1);
}

void beam_pins_start(struct board *board)
{
    told = board;
    board->beams.blocked[BEAM_ENTRY] = PIN_LEVEL(PIN_ENTRY_BEAM);
    board->beams.blocked[BEAM_PASSED] = PIN_LEVEL(PIN_PASSED_BEAM);
    watch_entry(board->beams.blocked[BEAM_ENTRY]);
    PCMSK0 = PIN_BIT(PIN_PASSED_BEAM);
    PCIFR = _BV(PCIF0);
    PCICR |= _BV(PCIE0);
}

ISR(TIMER1_CAPT_vect)
{
    TIMSK1 &= (uint8_t)~_BV(ICIE1);
    note(BEAM_ENTRY, !told->beams.blocked[BEAM_ENTRY], clock_us_at(ICR1));
}

ISR(PCINT0_vect)
{
    PCICR &= (uint8_t)~_BV(PCIE0);
    note(BEAM_PASSED, PIN_LEVEL(PIN_PASSED_BEAM), clock_us_at(TCNT1));
}

void beam_pins_pass_ms(void)
{
    lock_t held = lock();
    if (!(TIMSK1 & _BV(ICIE1))) {
        bool blocked = PIN_LEVEL(PIN_ENTRY_BEAM);
        note(BEAM_ENTRY, blocked, clock_us_at(TCNT1));
        watch_entry(blocked);
    }
    unlock(held);
    held = lock();
    if (!(PCICR & _BV(PCIE0))) {
        PCIFR = _BV(PCIF0);
        PCICR |= _BV(PCIE0);
        note(BEAM_PASSED, PIN_LEVEL(PIN_PASSED_BEAM), clock_us_at(TCNT1));
    }
    unlock(held);
}
