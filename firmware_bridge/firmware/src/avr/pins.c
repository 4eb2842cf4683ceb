#include <avr/io.h>

#include "messages.h"
#include "pins.h"
#include "platform.h"

void platform_set_outlets(uint8_t mask)
{
    PORTD = (uint8_t)((PORTD & ~OUTLETS_D) | mask << 4);
    PORTC = (uint8_t)((PORTC & ~OUTLETS_C) | mask >> 4);
}

void platform_set_belt(bool running)
{
    if (running) {
        PIN_PORT(PIN_BELT) |= PIN_BIT(PIN_BELT);
        PIN_PORT(PIN_STACK_LIGHT) |= PIN_BIT(PIN_STACK_LIGHT);
    } else {
        PIN_PORT(PIN_BELT) &= (uint8_t)~PIN_BIT(PIN_BELT);
        PIN_PORT(PIN_STACK_LIGHT) &= (uint8_t)~PIN_BIT(PIN_STACK_LIGHT);
    }
}

void platform_set_status_led(bool lit)
{
    if (lit)
        PIN_PORT(PIN_STATUS_LED) |= PIN_BIT(PIN_STATUS_LED);
    else
        PIN_PORT(PIN_STATUS_LED) &= (uint8_t)~PIN_BIT(PIN_STATUS_LED);
}

uint8_t platform_inputs(void)
{
    uint8_t inputs = 0;
    if (PIN_LEVEL(PIN_ESTOP))
        inputs |= INPUT_ESTOP;
    if (PIN_LEVEL(PIN_ENTRY_BEAM))
        inputs |= INPUT_ENTRY_BEAM;
    if (PIN_LEVEL(PIN_PASSED_BEAM))
        inputs |= INPUT_PASSED_BEAM;
    if (PIN_LEVEL(PIN_BUTTON))
        inputs |= INPUT_BUTTON;
    if (PIN_LEVEL(PIN_AUX))
        inputs |= INPUT_AUX;
    return inputs;
}
