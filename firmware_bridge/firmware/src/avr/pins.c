#include "pins.h"

#include "messages.h"
#include "platform.h"

uint8_t digital_pins_d = OUTLETS_D, digital_pins_c = OUTLETS_C;

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
