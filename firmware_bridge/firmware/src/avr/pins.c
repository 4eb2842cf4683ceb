#include "pins.h"

#include "messages.h"
#include "platform.h"

uint8_t digital_outlets = 0xFF;

void platform_set_outlets(uint8_t mask)
{
    uint8_t held = (uint8_t)~digital_outlets;
    mask &= digital_outlets;
    PORTD = (uint8_t)((PORTD & (0x0F | (held << 4 & 0xF0))) | (mask << 4 & 0xF0));
    PORTC = (uint8_t)((PORTC & (0xF0 | (held >> 4))) | mask >> 4);
}

void platform_set_belt(bool running)
{
    if (running)
        PIN_PORT(PIN_BELT) |= PIN_BIT(PIN_BELT);
    else
        PIN_PORT(PIN_BELT) &= (uint8_t)~PIN_BIT(PIN_BELT);
}

void platform_set_stack_light(bool lit)
{
    if (lit)
        PIN_PORT(PIN_STACK_LIGHT) |= PIN_BIT(PIN_STACK_LIGHT);
    else
        PIN_PORT(PIN_STACK_LIGHT) &= (uint8_t)~PIN_BIT(PIN_STACK_LIGHT);
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
