#include "reset.h"

#include <avr/eeprom.h>
#include <avr/io.h>
#include <avr/wdt.h>

#include "messages.h"
#include "pins.h"

static uint8_t mcusr_at_reset __attribute__((section(".noinit")));

static uint32_t boots EEMEM;

/* Pins come first, before the C runtime clears the memory. The watchdog stays on after it has
 * bitten, at its shortest time, until its flag is cleared. */
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

uint8_t reset_cause(void)
{
    if (mcusr_at_reset & _BV(WDRF))
        return RESET_WATCHDOG;
    if (mcusr_at_reset & _BV(BORF) && !(mcusr_at_reset & _BV(PORF)))
        return RESET_BROWN_OUT;
    if (mcusr_at_reset & _BV(PORF))
        return RESET_POWER_ON;
    if (mcusr_at_reset & _BV(EXTRF))
        return RESET_EXTERNAL;
    return RESET_UNKNOWN;
}

uint32_t reset_count_boot(void)
{
    uint32_t count = eeprom_read_dword(&boots);
    count = count == 0xFFFFFFFF ? 1 : count + 1; /* all ones: a new EEPROM */
    eeprom_update_dword(&boots, count);
    return count;
}
