/* One board in simavr, run cycle by cycle under the caller's clock: no wall time, no threads.
 *
 * Facts of simavr 1.6 that shape this file: pin values carry bit 8 and repeat, so they are masked
 * and compared; a reset wipes the cycle timers, so time is kept by the loop here and not by a timer;
 * the receiver reads faster than the wire when its FIFO holds several bytes, so bytes are pushed one
 * at a time, each when the one before was read. */
#include "shim.h"

#include <simavr/avr_eeprom.h>
#include <simavr/avr_extint.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_core.h>
#include <simavr/sim_elf.h>
#include <simavr/sim_hex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ports[] = "BCD";

static void note_output(struct shim *shim, uint8_t pin, uint8_t level)
{
    if (shim->inputs[pin] || shim->outputs[pin] == level)
        return;
    shim->outputs[pin] = level;
    if (shim->edge_count == EDGES_SIZE)
        shim->flooded = 1;
    else
        shim->edges[shim->edge_count++] = (struct edge){shim->avr->cycle, pin, level};
}

static void on_pin(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct pin_hook *hook = param;
    (void)irq;
    note_output(hook->shim, hook->pin, value & 1);
}

static void on_uart_out(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct shim *shim = param;
    (void)irq;
    /* A host that reads nothing for three seconds loses bytes, as behind any converter. */
    if (shim->tx_count < TX_SIZE)
        shim->tx[shim->tx_count++] = (struct sent_byte){shim->avr->cycle, value};
}

static void push_byte(struct shim *shim)
{
    if (!shim->uart_ready || shim->rx_tail == shim->rx_head)
        return;
    shim->uart_ready = 0;
    uint8_t byte = shim->rx[shim->rx_tail];
    shim->rx_tail = (shim->rx_tail + 1) % RX_SIZE;
    avr_raise_irq(shim->uart_in, byte);
}

static void on_uart_xon(struct avr_irq_t *irq, uint32_t value, void *param)
{
    struct shim *shim = param;
    (void)irq;
    (void)value;
    shim->uart_ready = 1;
    push_byte(shim);
}

/* simavr calls this at every reset, the watchdog's too: the outputs float low (pull-downs), bytes on
 * the wire are lost, and the input pins keep the levels that the machine drives. */
static void on_reset(struct avr_t *avr)
{
    struct shim *shim = avr->custom.data;
    if (shim->core_reset)
        shim->core_reset(avr);
    probe_reset(&shim->probe);
    shim->resets++;
    shim->reset_at = avr->cycle;
    shim->uart_ready = 0;
    shim->rx_head = shim->rx_tail = 0;
    for (uint8_t pin = 0; pin < PINS; pin++)
        note_output(shim, pin, 0);
}

/* Driven levels are told as external ones, too, or the firmware's pull-ups would win over them. */
static void apply_external(struct shim *shim, uint8_t port)
{
    avr_ioport_external_t external = {.name = (unsigned long)ports[port]};
    for (uint8_t bit = 0; bit < 8; bit++) {
        uint8_t input = shim->inputs[port * 8 + bit];
        external.mask |= (input != 0) << bit;
        external.value |= (input == 2) << bit;
    }
    avr_ioctl(shim->avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(ports[port]), &external);
}

/* Before the firmware sets them to edges, INT0 and INT1 are level triggered, and simavr would look at
 * a low pin in every cycle, for ever. A reset forgets it. */
static void watch_edges_alone(struct shim *shim)
{
    avr_extint_set_strict_lvl_trig(shim->avr, 0, 0);
    avr_extint_set_strict_lvl_trig(shim->avr, 1, 0);
}

static void apply_inputs(struct shim *shim)
{
    watch_edges_alone(shim);
    for (uint8_t port = 0; port < PINS / 8; port++)
        apply_external(shim, port);
    for (uint8_t pin = 0; pin < PINS; pin++)
        if (shim->inputs[pin]) {
            /* simavr drops a level that the wire had before, though the reset has cleared PINx. */
            shim->pin_irqs[pin]->flags |= IRQ_FLAG_INIT;
            avr_raise_irq(shim->pin_irqs[pin], shim->inputs[pin] - 1);
        }
}

static void no_sleep(avr_t *avr, avr_cycle_count_t cycles)
{
    (void)avr;
    (void)cycles;
}

static void step(avr_t *avr)
{
    struct shim *shim = avr->custom.data;
    avr_flashaddr_t new_pc = avr->pc;
    if (avr->state == cpu_Running) {
        probe_watch_instruction(&shim->probe, avr);
        new_pc = avr_run_one(avr);
    }
    avr_cycle_count_t idle = avr_cycle_timer_process(avr);
    avr->pc = new_pc;
    avr_cycle_count_t left = shim->target > avr->cycle ? shim->target - avr->cycle : 0;
    if (avr->run_cycle_count > left)
        avr->run_cycle_count = left;
    if (avr->state == cpu_Sleeping) {
        avr_cycle_count_t asleep = idle < left ? idle : left;
        avr->cycle += asleep;
        shim->probe.asleep += asleep;
    }
    if (avr->interrupt_state)
        avr_service_interrupts(avr);
    probe_watch_flags(&shim->probe, avr);
}

static void connect_pins(struct shim *shim)
{
    for (uint8_t pin = 0; pin < PINS; pin++) {
        shim->hooks[pin] = (struct pin_hook){shim, pin};
        shim->pin_irqs[pin] =
            avr_io_getirq(shim->avr, AVR_IOCTL_IOPORT_GETIRQ(ports[pin / 8]), pin % 8);
        if (shim->pin_irqs[pin])
            avr_irq_register_notify(shim->pin_irqs[pin], on_pin, &shim->hooks[pin]);
    }
}

static void connect_uart(struct shim *shim)
{
    uint32_t flags = 0;
    avr_ioctl(shim->avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
    flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
    avr_ioctl(shim->avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    shim->uart_in = avr_io_getirq(shim->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(shim->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT),
                            on_uart_out, shim);
    avr_irq_register_notify(avr_io_getirq(shim->avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON),
                            on_uart_xon, shim);
}

/* simavr would print what it loads on stdout, where a program's own output goes. */
static void log_errors(avr_t *avr, const int level, const char *format, va_list arguments)
{
    (void)avr;
    if (level <= LOG_ERROR)
        vfprintf(stderr, format, arguments);
}

/* Null if the file is no firmware. */
struct shim *shim_create(const char *elf, const char *mcu, uint32_t frequency_hz)
{
    elf_firmware_t firmware = {0};
    avr_global_logger_set(log_errors);
    if (elf_read_firmware(elf, &firmware))
        return NULL;
    avr_t *avr = avr_make_mcu_by_name(mcu);
    if (!avr)
        return NULL;
    struct shim *shim = calloc(1, sizeof *shim);
    shim->avr = avr;
    avr_init(avr);
    firmware.frequency = frequency_hz;
    avr_load_firmware(avr, &firmware);
    avr->frequency = frequency_hz;
    avr->log = LOG_ERROR;
    avr->custom.data = shim;
    shim->core_reset = avr->reset;
    avr->reset = on_reset;
    avr->sleep = no_sleep;
    avr->run = step;
    watch_edges_alone(shim);
    connect_pins(shim);
    connect_uart(shim);
    probe_connect(&shim->probe, avr);
    return shim;
}

void shim_destroy(struct shim *shim)
{
    avr_terminate(shim->avr);
    free(shim);
}

void shim_set_pin(struct shim *shim, uint8_t pin, uint8_t level)
{
    if (shim->inputs[pin] == level + 1)
        return;
    shim->inputs[pin] = level + 1;
    apply_external(shim, pin / 8);
    avr_raise_irq(shim->pin_irqs[pin], level);
}

/* Runs until the given cycle; the number of edges that wait, or -1 if the processor has
 * crashed or its pins chatter. */
int shim_run(struct shim *shim, uint64_t until_cycle)
{
    avr_t *avr = shim->avr;
    shim->target = until_cycle;
    while (avr->cycle < until_cycle) {
        uint32_t resets = shim->resets;
        avr_run(avr);
        if (shim->resets != resets)
            apply_inputs(shim);
        if (shim->flooded || (avr->state != cpu_Running && avr->state != cpu_Sleeping))
            return -1;
    }
    return (int)shim->edge_count;
}

uint64_t shim_cycle(const struct shim *shim)
{
    return shim->avr->cycle;
}

/* The reset pin. */
void shim_reset(struct shim *shim)
{
    avr_reset(shim->avr);
    apply_inputs(shim);
}

uint32_t shim_resets(const struct shim *shim)
{
    return shim->resets;
}

/* Cycle of the last reset. */
uint64_t shim_reset_at(const struct shim *shim)
{
    return shim->reset_at;
}

/* Puts bytes on the wire; those for which there is no room are lost. */
void shim_send(struct shim *shim, const uint8_t *data, uint32_t length)
{
    while (length-- && (shim->rx_head + 1) % RX_SIZE != shim->rx_tail) {
        shim->rx[shim->rx_head] = *data++;
        shim->rx_head = (shim->rx_head + 1) % RX_SIZE;
    }
    push_byte(shim);
}

/* Bytes on the wire to the board that its receiver has not begun to take. */
uint32_t shim_backlog(const struct shim *shim)
{
    return (shim->rx_head - shim->rx_tail) % RX_SIZE;
}

/* What waits, valid until the next run; fetching takes it away. */
const struct edge *shim_take_edges(struct shim *shim)
{
    shim->edge_count = 0;
    return shim->edges;
}

uint32_t shim_byte_count(const struct shim *shim)
{
    return shim->tx_count;
}

const struct sent_byte *shim_take_bytes(struct shim *shim)
{
    shim->tx_count = 0;
    return shim->tx;
}

/* Reads and writes the data memory, for tests that preset counters through ELF symbols. */
void shim_peek(const struct shim *shim, uint16_t address, uint8_t *data, uint16_t length)
{
    memcpy(data, shim->avr->data + address, length);
}

void shim_poke(struct shim *shim, uint16_t address, const uint8_t *data, uint16_t length)
{
    memcpy(shim->avr->data + address, data, length);
}

/* The EEPROM, whole: what it holds, and what another board's held. */
void shim_peek_eeprom(const struct shim *shim, uint8_t *data, uint16_t length)
{
    avr_eeprom_desc_t all = {.ee = NULL, .offset = 0, .size = length};
    avr_ioctl(shim->avr, AVR_IOCTL_EEPROM_GET, &all);
    memcpy(data, all.ee, length);
}

void shim_poke_eeprom(struct shim *shim, uint8_t *data, uint16_t length)
{
    avr_eeprom_desc_t all = {.ee = data, .offset = 0, .size = length};
    avr_ioctl(shim->avr, AVR_IOCTL_EEPROM_SET, &all);
}

/* Puts the program counter somewhere else, as a glitch would; a byte address. */
void shim_jump(struct shim *shim, uint32_t address)
{
    shim->avr->pc = address;
    shim->avr->state = cpu_Running;
}

void shim_mask_interrupts(struct shim *shim)
{
    avr_sreg_set(shim->avr, S_I, 0);
}

void shim_probe_clear(struct shim *shim)
{
    probe_clear(&shim->probe, shim->avr);
}

const struct probe *shim_probe(const struct shim *shim)
{
    return &shim->probe;
}
