#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "platform.h"

#define BAUD 250000UL
#define RX_LAST 127 /* of a ring whose size is a power of two */
#define TX_LAST 127

static uint8_t rx[RX_LAST + 1];
static volatile uint8_t rx_head, rx_tail;
static uint8_t tx[TX_LAST + 1];
static volatile uint8_t tx_head, tx_tail;

void uart_start(void)
{
    UBRR0 = PLATFORM_CLOCK_HZ / 16 / BAUD - 1;
    UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
    UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

/* A byte for which there is no room is dropped; the checksum of its frame will tell. */
ISR(USART_RX_vect)
{
    uint8_t byte = UDR0;
    uint8_t head = rx_head;
    uint8_t next = (uint8_t)(head + 1) & RX_LAST;
    if (next == rx_tail)
        return;
    rx[head] = byte;
    rx_head = next;
}

ISR(USART_UDRE_vect)
{
    uint8_t tail = tx_tail;
    if (tail == tx_head) {
        UCSR0B &= (uint8_t)~_BV(UDRIE0);
        return;
    }
    UDR0 = tx[tail];
    tx_tail = (uint8_t)(tail + 1) & TX_LAST;
}

bool uart_is_empty(void)
{
    return rx_head == rx_tail;
}

bool uart_read(uint8_t *byte)
{
    if (uart_is_empty())
        return false;
    uint8_t tail = rx_tail;
    *byte = rx[tail];
    rx_tail = (uint8_t)(tail + 1) & RX_LAST;
    return true;
}

bool platform_transmit(const uint8_t *data, uint8_t length)
{
    uint8_t head = tx_head;
    uint8_t room = (uint8_t)(tx_tail - head - 1) & TX_LAST;
    if (room < length)
        return false;
    while (length--) {
        tx[head] = *data++;
        head = (uint8_t)(head + 1) & TX_LAST;
    }
    tx_head = head;
    UCSR0B |= _BV(UDRIE0);
    return true;
}
