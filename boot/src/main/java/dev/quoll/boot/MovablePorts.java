package dev.quoll.boot;

import dev.quoll.machine.AccessWidths;
import dev.quoll.machine.PortBus;
import dev.quoll.machine.PortDevice;
import java.util.ArrayList;
import java.util.List;

/** Ports that the guest moves as one block, like a BAR. A place where other ports are is refused, port by port. */
final class MovablePorts {
    private record Part(int offset, int length, AccessWidths widths, PortDevice device) {}

    private final PortBus bus;
    private final List<Part> parts = new ArrayList<>();
    private final List<Integer> registered = new ArrayList<>();
    private int base = -1;

    MovablePorts(PortBus bus) {
        this.bus = bus;
    }

    /** Adds ports to the block; before the guest runs. */
    MovablePorts part(int offset, int length, AccessWidths widths, PortDevice device) {
        parts.add(new Part(offset, length, widths, device));
        return this;
    }

    /** Puts the block at a base, or takes it away. @param to first port, or -1 */
    synchronized void move(int to) {
        if (to == base) {
            return;
        }
        registered.forEach(bus::unregister);
        registered.clear();
        base = to;
        for (Part part : to < 0 ? List.<Part>of() : parts) {
            int first = to + part.offset;
            try {
                bus.register(first, part.length, part.widths, part.device);
                registered.add(first);
            } catch (IllegalArgumentException taken) {
                // The one that was there first keeps the place, as with BARs.
                continue;
            }
        }
    }

    /** First port; -1 when it is nowhere. */
    synchronized int base() {
        return base;
    }
}
