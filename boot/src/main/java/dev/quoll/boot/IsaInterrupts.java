package dev.quoll.boot;

import dev.quoll.devices.interrupt.IoApic;
import dev.quoll.devices.interrupt.NumericErrorLatch;
import dev.quoll.devices.interrupt.Pic8259;
import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.Machine;
import dev.quoll.machine.Partition;
import java.util.ArrayList;
import java.util.List;

/**
 * The interrupt wiring of the board: ISA interrupts to I/O APIC pins, and in the legacy variant to the 8259 pair as well,
 * as on every PC since the first with an I/O APIC. One driver a wire.
 */
final class IsaInterrupts {
    /** ISA interrupts of a PC. */
    static final int COUNT = 16;

    private static final int TIMER = 0;
    private static final int CASCADE = 2;
    private static final int NUMERIC_ERROR = 13;
    private static final int EXTERNAL_INTERRUPT_PIN = 0;
    private static final int MASTER_PORTS = 0x20;
    private static final int SLAVE_PORTS = 0xa0;
    private static final int EDGE_LEVEL_PORTS = 0x4d0;
    private static final int NUMERIC_ERROR_PORTS = 0xf0;

    /** The I/O APIC's. */
    private final List<InterruptLine> pins;
    /** Null where the board has none. */
    private final Pic8259 pic;

    private IsaInterrupts(List<InterruptLine> pins, Pic8259 pic) {
        this.pins = pins;
        this.pic = pic;
    }

    /** Puts the controllers on the machine, but for those that its engine brings. */
    static IsaInterrupts attach(Machine machine, Variant variant) {
        Partition partition = machine.partition();
        if (!partition.interruptInputs().isEmpty()) {
            return new IsaInterrupts(partition.interruptInputs(), null);
        }
        IoApic ioApic = machine.add(new IoApic(partition.msiSink()));
        machine.mmio().register(BoardMap.IO_APIC, IoApic.LENGTH, IoApic.WIDTHS, ioApic);
        partition.setEoiListener(ioApic);
        if (variant == Variant.DEFAULT) {
            return new IsaInterrupts(pins(ioApic), null);
        }
        InterruptLine lint0 = partition.lint0();
        InterruptLine pin0 = ioApic.pin(EXTERNAL_INTERRUPT_PIN);
        Pic8259 pic = machine.add(new Pic8259(level -> {
            lint0.setLevel(level);
            pin0.setLevel(level);
        }));
        partition.setExternalInterruptSource(pic);
        machine.ports().register(MASTER_PORTS, Pic8259.PORTS, Pic8259.WIDTHS, pic.master());
        machine.ports().register(SLAVE_PORTS, Pic8259.PORTS, Pic8259.WIDTHS, pic.slave());
        machine.ports().register(EDGE_LEVEL_PORTS, 2, AccessWidths.BYTE, pic.edgeLevelControl());
        IsaInterrupts interrupts = new IsaInterrupts(pins(ioApic), pic);
        NumericErrorLatch latch =
                machine.add(new NumericErrorLatch(interrupts.line(NUMERIC_ERROR), partition.ignoreNumericError()));
        partition.setNumericErrorLine(latch.ferr());
        machine.ports().register(NUMERIC_ERROR_PORTS, NumericErrorLatch.PORTS, NumericErrorLatch.WIDTHS, latch);
        return interrupts;
    }

    /** The I/O APIC pin of an ISA interrupt: the timer's is 2, because 0 takes the 8259's output; -1 for the cascade. */
    static int pinOf(int irq) {
        return switch (irq) {
            case TIMER -> CASCADE;
            case CASCADE -> -1;
            default -> irq;
        };
    }

    /** The wire of an ISA interrupt. */
    InterruptLine line(int irq) {
        InterruptLine pin = pins.get(pinOf(irq));
        if (pic == null) {
            return pin;
        }
        InterruptLine input = pic.input(irq);
        return level -> {
            input.setLevel(level);
            pin.setLevel(level);
        };
    }

    /** The 8259's input alone, for PCI interrupts, which have I/O APIC pins of their own; null where an ISA device may have it. */
    InterruptLine picInput(int irq) {
        return pic != null && BoardMap.isFreeIrq(irq) ? pic.input(irq) : null;
    }

    /** The I/O APIC's own pins, by number. */
    List<InterruptLine> pins() {
        return pins;
    }

    private static List<InterruptLine> pins(IoApic ioApic) {
        List<InterruptLine> pins = new ArrayList<>();
        for (int pin = 0; pin < IoApic.PINS; pin++) {
            pins.add(ioApic.pin(pin));
        }
        return pins;
    }
}
