#include "reset.h"

#include <avr/io.h>
#include <avr/wdt.h>

#include "messages.h"
#include "pins.h"

static uint8_t mcusr_at_reset __attribute__((section(".noinit")));
static uint8_t r2_at_reset __attribute__((section(".noinit")));

/* Pins come first, before the C runtime clears the memory. Optiboot clears MCUSR and leaves its value
 * in r2, which nothing has touched yet. The watchdog stays on after it has bitten, at its shortest
 * time, until its flag is cleared. */
__attribute__((naked, used, section(".init0"))) static void keep_r2(void)
{
    __asm__ volatile("sts %0, r2" : : "i"(&r2_at_reset));
}

__attribute__((naked, used, section(".init3"))) static void make_safe(void)
{
    PORTB = PULL_UPS_B;
    PORTC = PULL_UPS_C;
    PORTD = PULL_UPS_D;
    DDRB = OUTPUTS_B;
    DDRC = OUTLETS_C;
    DDRD = OUTLETS_D;
    mcusr_at_reset = MCUSR;
    MCUSR = 0;
    wdt_disable();
}

static uint8_t cause_in(uint8_t flags)
{
    if (flags & _BV(WDRF))
        return RESET_WATCHDOG;
    if (flags & _BV(PORF))
        return RESET_POWER_ON;
    if (flags & _BV(BORF))
        return RESET_BROWN_OUT;
    return flags & _BV(EXTRF) ? RESET_EXTERNAL : RESET_UNKNOWN;
}

/* After Optiboot MCUSR is 0 and r2 has the flags. Another bootloader leaves both meaningless: r2 is
 * believed only where it can be a MCUSR. */
uint8_t reset_cause(void)
{
    if (mcusr_at_reset)
        return cause_in(mcusr_at_reset);
    return r2_at_reset & 0xF0 ? RESET_UNKNOWN : cause_in(r2_at_reset);
}
