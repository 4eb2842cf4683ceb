#include "beam_pins.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "clock.h"
#include "lock.h"
#include "pins.h"
#include "platform.h"
#include "the_board.h"

struct stamp {
    bool set;
    uint32_t tick;
    uint16_t half_us;
};

static volatile struct stamp stamps[BEAM_COUNT];

/* Each looks for the edge away from the level that is known. */
static void watch_entry(bool blocked)
{
    TCCR1B = (uint8_t)(_BV(ICNC1) | _BV(CS11) | (blocked ? 0 : _BV(ICES1)));
    TIFR1 = _BV(ICF1);
    TIMSK1 |= _BV(ICIE1);
}

void beam_pins_start(void)
{
    the_board.beams.blocked[BEAM_ENTRY] = PIN_LEVEL(PIN_ENTRY_BEAM);
    the_board.beams.blocked[BEAM_PASSED] = PIN_LEVEL(PIN_PASSED_BEAM);
    watch_entry(the_board.beams.blocked[BEAM_ENTRY]);
    PCMSK0 = PIN_BIT(PIN_PASSED_BEAM);
    PCIFR = _BV(PCIF0);
    PCICR |= _BV(PCIE0);
}

static inline void stamp(uint8_t beam, uint16_t half_us)
{
    stamps[beam].tick = the_board.tick;
    stamps[beam].half_us = half_us;
    stamps[beam].set = true;
}

ISR(TIMER1_CAPT_vect)
{
    TIMSK1 &= (uint8_t)~_BV(ICIE1);
    stamp(BEAM_ENTRY, ICR1);
}

ISR(PCINT0_vect)
{
    PCICR &= (uint8_t)~_BV(PCIE0);
    stamp(BEAM_PASSED, TCNT1);
}

static void note(uint8_t beam, bool blocked, uint32_t tick, uint32_t now_us)
{
    if (the_board.settings.machine.beams & 1 << beam)
        beams_note(&the_board.beams, beam, blocked, tick, now_us);
}

/* The edge that was stamped, and after it the level of now. A stamped beam rests, so the stamp holds
 * still. */
static void look_at(uint8_t beam, bool blocked)
{
    note(beam, !the_board.beams.blocked[beam], stamps[beam].tick,
         clock_us_at(stamps[beam].half_us));
    lock_t held = lock();
    uint32_t tick = the_board.tick;
    unlock(held);
    note(beam, blocked, tick, platform_now_us());
    stamps[beam].set = false;
}

void beam_pins_pass_ms(void)
{
    if (stamps[BEAM_ENTRY].set) {
        bool blocked = PIN_LEVEL(PIN_ENTRY_BEAM);
        look_at(BEAM_ENTRY, blocked);
        lock_t held = lock();
        watch_entry(blocked);
        unlock(held);
    }
    if (stamps[BEAM_PASSED].set) {
        PCIFR = _BV(PCIF0);
        look_at(BEAM_PASSED, PIN_LEVEL(PIN_PASSED_BEAM));
        lock_t held = lock();
        PCICR |= _BV(PCIE0);
        unlock(held);
    }
}
