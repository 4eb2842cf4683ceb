/* Pins of an Uno or Nano. D0/D1 UART, D2/D3 encoder A/B, D4-D7 and A0-A3 outlets 0-7, D8 entry beam,
 * D9 stack light, D10 belt, D11 passed beam, D12 button, D13 status LED, A4 E-stop, A5 free input.
 *
 * Each row: name, port letter, bit. The belt and the stack light keep off D11-D13, which an ISP
 * programmer toggles; the E-stop has the pin-change interrupt of port C to itself. */
#ifndef PINS_H
#define PINS_H

#include <avr/io.h>
#include <stdint.h>

#define PIN_ENCODER_A D, 2
#define PIN_ENCODER_B D, 3
#define PIN_OUTLET_0 D, 4
#define PIN_OUTLET_1 D, 5
#define PIN_OUTLET_2 D, 6
#define PIN_OUTLET_3 D, 7
#define PIN_OUTLET_4 C, 0
#define PIN_OUTLET_5 C, 1
#define PIN_OUTLET_6 C, 2
#define PIN_OUTLET_7 C, 3
#define PIN_ENTRY_BEAM B, 0
#define PIN_STACK_LIGHT B, 1
#define PIN_BELT B, 2
#define PIN_PASSED_BEAM B, 3
#define PIN_BUTTON B, 4
#define PIN_STATUS_LED B, 5
#define PIN_ESTOP C, 4
#define PIN_AUX C, 5

#define PIN_BIT_(port, bit) (1 << (bit))
#define PIN_BIT(pin) PIN_BIT_(pin)
#define PIN_PORT_(port, bit) PORT##port
#define PIN_PORT(pin) PIN_PORT_(pin)
#define PIN_LEVEL_(port, bit) (PIN##port & (1 << (bit)))
#define PIN_LEVEL(pin) PIN_LEVEL_(pin)

/* Outlets 0-3 are the high half of port D, 4-7 the low half of port C. */
#define OUTLETS_D 0xF0
#define OUTLETS_C 0x0F
#define OUTPUTS_B (PIN_BIT(PIN_STACK_LIGHT) | PIN_BIT(PIN_BELT) | PIN_BIT(PIN_STATUS_LED))
#define PULL_UPS_B (PIN_BIT(PIN_ENTRY_BEAM) | PIN_BIT(PIN_PASSED_BEAM) | PIN_BIT(PIN_BUTTON))
#define PULL_UPS_C (PIN_BIT(PIN_ESTOP) | PIN_BIT(PIN_AUX))
#define PULL_UPS_D (PIN_BIT(PIN_ENCODER_A) | PIN_BIT(PIN_ENCODER_B) | 1 << 0)

#endif
