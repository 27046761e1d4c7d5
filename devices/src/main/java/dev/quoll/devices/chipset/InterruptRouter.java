package dev.quoll.devices.chipset;

import dev.quoll.devices.interrupt.SharedLine;
import dev.quoll.machine.InterruptLine;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Leads the wires of PCI interrupts to the 8259 as the LPC bridge's PIRQ registers say (ICH9 data sheet, 13.1.12), for systems that do
 * without the I/O APIC. Several wires may share an input. What each wire and each route is now, others know: no state of its own to be
 * saved.
 */
public final class InterruptRouter {
    private final InterruptLine[][] drivers = new InterruptLine[LpcBridge.WIRES][];
    private final boolean[] levels = new boolean[LpcBridge.WIRES];
    private final int[] routes = new int[LpcBridge.WIRES];

    /** @param inputs the 8259's input of an ISA interrupt; null for one that a device of the board has for itself */
    public InterruptRouter(IntFunction<InterruptLine> inputs) {
        Arrays.fill(routes, -1);
        for (int wire = 0; wire < LpcBridge.WIRES; wire++) {
            drivers[wire] = new InterruptLine[LpcBridge.INTERRUPTS];
        }
        for (int irq = 0; irq < LpcBridge.INTERRUPTS; irq++) {
            InterruptLine input = inputs.apply(irq);
            SharedLine shared = new SharedLine(input == null ? InterruptLine.NONE : input);
            for (int wire = 0; wire < LpcBridge.WIRES; wire++) {
                drivers[wire][irq] = shared.driver();
            }
        }
    }

    /** The end of a wire. @param number 0 for PIRQA to 7 for PIRQH */
    public InterruptLine wire(int number) {
        return level -> setLevel(number, level);
    }

    private void setLevel(int wire, boolean level) {
        int route;
        synchronized (levels) {
            levels[wire] = level;
            route = routes[wire];
        }
        if (route >= 0) {
            drivers[wire][route].setLevel(level);
        }
    }

    /** Leads a wire elsewhere. @param irq an ISA interrupt, or -1 for none */
    public void route(int wire, int irq) {
        int before;
        boolean level;
        synchronized (levels) {
            before = routes[wire];
            routes[wire] = irq;
            level = levels[wire];
        }
        if (before == irq) {
            return;
        }
        if (before >= 0) {
            drivers[wire][before].setLevel(false);
        }
        if (irq >= 0) {
            drivers[wire][irq].setLevel(level);
        }
    }
}
