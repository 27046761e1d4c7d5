package dev.quoll.devices.interrupt;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.Device;
import dev.quoll.machine.ExternalInterruptSource;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.PortDevice;

/**
 * The PC's pair of 8259A interrupt controllers, the second on input 2 of the first, with the edge/level registers of
 * EISA. The first chip's ports are {@link #master}, the second's {@link #slave}, the edge/level pair is {@link
 * #edgeLevelControl}. Sources: Intel 8259A data sheet; Intel ICH9 data sheet, 13.4 (ELCR at 0x4d0).
 *
 * <p>Threat: two chips of eight inputs, all loops run over these; an acknowledge with nothing pending gives the
 * spurious vector.
 */
public final class Pic8259 implements Device<Pic8259.State>, ExternalInterruptSource {
    /** Ports of each of the three ranges. */
    public static final int PORTS = 2;
    /** How the ports are accessed. */
    public static final AccessWidths WIDTHS = AccessWidths.BYTE;
    /** Interrupt inputs; number 2 is taken by the second chip. */
    public static final int INPUTS = 16;

    private static final int CASCADE = 2;
    /** IRQ 0, 1, 2, 8 and 13 are edges for ever. */
    private static final int MASTER_EDGE_LEVEL = 0xf8;

    private static final int SLAVE_EDGE_LEVEL = 0xde;

    private final InterruptOutput intr;
    private final Object lock = new Object();
    private final PicChip master = new PicChip(MASTER_EDGE_LEVEL, 1 << CASCADE);
    private final PicChip slave = new PicChip(SLAVE_EDGE_LEVEL, 0);
    private final InterruptLine[] inputs = new InterruptLine[INPUTS];

    /**
     * One chip's registers; bit masks have one bit an input.
     *
     * @param requests IRR
     * @param mask IMR
     * @param inService ISR
     * @param levels the input lines
     * @param lowestPriority input with the lowest priority
     * @param vectorBase ICW2
     * @param initialising initialisation word expected next, 0 when none is
     * @param modes bit 0 ICW4 needed, 1 single, 2 automatic EOI, 3 rotation with it, 4 special mask, 5 special fully
     *     nested, 6 poll pending, 7 ISR selected for reading
     * @param edgeLevel ELCR
     */
    public record Chip(
            int requests,
            int mask,
            int inService,
            int levels,
            int lowestPriority,
            int vectorBase,
            int initialising,
            int modes,
            int edgeLevel) {}

    /** Both chips. */
    public record State(Chip master, Chip slave) {}

    /** @param intr the INTR output, to the local APICs' LINT0 and I/O APIC pin 0 */
    public Pic8259(InterruptLine intr) {
        this.intr = new InterruptOutput(intr);
        for (int i = 0; i < INPUTS; i++) {
            int input = i;
            inputs[i] = level -> setLevel(input, level);
        }
    }

    @Override
    public String name() {
        return "pic";
    }

    /** The wire of an IRQ, 0-15 but 2. */
    public InterruptLine input(int irq) {
        if (irq == CASCADE) {
            throw new IllegalArgumentException("IRQ 2 is the cascade input");
        }
        return inputs[irq];
    }

    private void setLevel(int irq, boolean high) {
        synchronized (lock) {
            (irq < 8 ? master : slave).setLevel(irq & 7, high);
            update();
        }
        intr.drive();
    }

    private void update() {
        master.setLevel(CASCADE, slave.pendingInput() >= 0);
        intr.want(master.pendingInput() >= 0);
    }

    @Override
    public int acknowledge() {
        int vector;
        synchronized (lock) {
            int input = master.acknowledge();
            if (input == CASCADE) {
                vector = slave.vector(slave.acknowledge());
                // The cascade wire falls and rises between two requests of the second chip, so the next one is an edge.
                master.setLevel(CASCADE, false);
            } else {
                vector = master.vector(input);
            }
            update();
        }
        intr.drive();
        return vector;
    }

    @Override
    public boolean pending() {
        return intr.wanted();
    }

    /** Ports 0x20 and 0x21. */
    public PortDevice master() {
        return ports(master);
    }

    /** Ports 0xa0 and 0xa1. */
    public PortDevice slave() {
        return ports(slave);
    }

    private PortDevice ports(PicChip chip) {
        return new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                int value;
                synchronized (lock) {
                    value = chip.read(offset);
                    update();
                }
                intr.drive();
                return value;
            }

            @Override
            public void writePort(int offset, int width, int value) {
                synchronized (lock) {
                    chip.write(offset, value & 0xff);
                    if (chip == slave) {
                        master.setLevel(CASCADE, false);
                    }
                    update();
                }
                intr.drive();
            }
        };
    }

    /** Ports 0x4d0 and 0x4d1. */
    public PortDevice edgeLevelControl() {
        return new PortDevice() {
            @Override
            public int readPort(int offset, int width) {
                synchronized (lock) {
                    return (offset == 0 ? master : slave).edgeLevel();
                }
            }

            @Override
            public void writePort(int offset, int width, int value) {
                synchronized (lock) {
                    (offset == 0 ? master : slave).setEdgeLevel(value);
                }
            }
        };
    }

    @Override
    public void reset() {
        synchronized (lock) {
            master.powerOn();
            slave.powerOn();
            update();
        }
        intr.drive();
    }

    @Override
    public State save() {
        synchronized (lock) {
            return new State(master.save(), slave.save());
        }
    }

    @Override
    public void restore(State state) {
        boolean high;
        synchronized (lock) {
            master.restore(state.master);
            slave.restore(state.slave);
            update();
            high = intr.wanted();
        }
        intr.force(high);
    }
}
