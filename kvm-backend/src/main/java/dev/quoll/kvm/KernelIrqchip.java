package dev.quoll.kvm;

import dev.quoll.bindings.file.FileDescriptor;
import dev.quoll.bindings.kvm.kvm_h;
import dev.quoll.bindings.kvm.kvm_irq_level;
import dev.quoll.bindings.kvm.kvm_irqchip;
import dev.quoll.bindings.kvm.kvm_pit_config;
import dev.quoll.bindings.kvm.kvm_pit_state2;
import dev.quoll.bindings.kvm.kvm_reinject_control;
import dev.quoll.machine.InterruptLine;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * I/O APIC, 8259 pair and 8254 in the kernel (api.rst, KVM_CREATE_IRQCHIP and KVM_CREATE_PIT2). Made before the vCPUs, whose
 * local APICs it makes too.
 *
 * <p>KVM's 8254 drives interrupt 0 of the kernel's own numbers. On a PC that wire leads to pin 0 of the 8259 and pin 2 of the
 * I/O APIC, so these numbers are the I/O APIC's pins but for 0 and 2, which are exchanged.
 */
final class KernelIrqchip {
    static final int PINS = kvm_h.KVM_IOAPIC_NUM_PINS();
    private static final int TIMER_PIN = 2;
    private static final int EXTERNAL_INTERRUPT_PIN = 0;
    private static final int CHIP_PINS = 8;

    /** Where the kernel's interrupt number {@code gsi} leads. @param chip KVM_IRQCHIP_... */
    record Wire(int gsi, int chip, int pin) {}

    private final FileDescriptor machine;
    private final MemorySegment[] chips = new MemorySegment[kvm_h.KVM_NR_IRQCHIPS()];
    private final MemorySegment timer;
    private final List<Input> inputs;

    KernelIrqchip(FileDescriptor machine, Arena arena) {
        this.machine = machine;
        machine.ioctl("KVM_CREATE_IRQCHIP", kvm_h.KVM_CREATE_IRQCHIP(), 0);
        MemorySegment config = kvm_pit_config.allocate(arena);
        kvm_pit_config.flags(config, kvm_h.KVM_PIT_SPEAKER_DUMMY());
        machine.ioctl("KVM_CREATE_PIT2", kvm_h.KVM_CREATE_PIT2(), config);
        // Ticks that a slow host has missed are not made up for: a guest that gets them all at once comes to nothing else.
        MemorySegment reinjection = kvm_reinject_control.allocate(arena);
        machine.ioctl("KVM_REINJECT_CONTROL", kvm_h.KVM_REINJECT_CONTROL(), reinjection);
        for (int chip = 0; chip < chips.length; chip++) {
            chips[chip] = kvm_irqchip.allocate(arena);
            kvm_irqchip.chip_id(chips[chip], chip);
            machine.ioctl("KVM_GET_IRQCHIP", kvm_h.KVM_GET_IRQCHIP(), chips[chip]);
        }
        timer = kvm_pit_state2.allocate(arena);
        machine.ioctl("KVM_GET_PIT2", kvm_h.KVM_GET_PIT2(), timer);
        inputs = IntStream.range(0, PINS)
                .mapToObj(pin -> new Input(gsi(pin), arena))
                .toList();
    }

    /** The kernel's number of an I/O APIC pin. */
    private static int gsi(int pin) {
        return switch (pin) {
            case TIMER_PIN -> 0;
            case EXTERNAL_INTERRUPT_PIN -> TIMER_PIN;
            default -> pin;
        };
    }

    /** Where the chips' pins are wired. */
    static List<Wire> wires() {
        List<Wire> wires = new ArrayList<>();
        for (int pin = 0; pin < PINS; pin++) {
            int gsi = gsi(pin);
            wires.add(new Wire(gsi, kvm_h.KVM_IRQCHIP_IOAPIC(), pin));
            if (gsi < CHIP_PINS) {
                wires.add(new Wire(gsi, kvm_h.KVM_IRQCHIP_PIC_MASTER(), gsi));
            } else if (gsi < 2 * CHIP_PINS) {
                wires.add(new Wire(gsi, kvm_h.KVM_IRQCHIP_PIC_SLAVE(), gsi - CHIP_PINS));
            }
        }
        // The 8259's second input takes the other 8259.
        wires.remove(new Wire(TIMER_PIN, kvm_h.KVM_IRQCHIP_PIC_MASTER(), TIMER_PIN));
        return wires;
    }

    /** By I/O APIC pin. */
    List<InterruptLine> inputs() {
        return List.copyOf(inputs);
    }

    /** Everything as it was when it was made, but for the levels of the inputs, which belong to the devices. */
    void reset() {
        for (MemorySegment chip : chips) {
            machine.ioctl("KVM_SET_IRQCHIP", kvm_h.KVM_SET_IRQCHIP(), chip);
        }
        machine.ioctl("KVM_SET_PIT2", kvm_h.KVM_SET_PIT2(), timer);
        inputs.forEach(Input::driveAnew);
    }

    /** A wire into the kernel. KVM takes level after level; the lock keeps those of several threads in order. */
    private final class Input implements InterruptLine {
        private final MemorySegment request;
        private boolean level;

        Input(int gsi, Arena arena) {
            request = kvm_irq_level.allocate(arena);
            kvm_irq_level.irq(request, gsi);
        }

        @Override
        public synchronized void setLevel(boolean high) {
            if (high != level) {
                level = high;
                drive();
            }
        }

        synchronized void driveAnew() {
            if (level) {
                drive();
            }
        }

        private void drive() {
            kvm_irq_level.level(request, level ? 1 : 0);
            machine.ioctl("KVM_IRQ_LINE", kvm_h.KVM_IRQ_LINE(), request);
        }
    }
}
