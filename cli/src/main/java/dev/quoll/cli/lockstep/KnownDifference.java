package dev.quoll.cli.lockstep;

import dev.quoll.machine.Engine;
import java.util.EnumSet;
import java.util.Set;

/**
 * What a KVM that interprets privileged code does otherwise than a processor, so that it differs from the emulator without
 * either engine's doing. Such a difference is counted and told, and the comparison goes on; docs/lockstep.md has the evidence.
 */
public enum KnownDifference {
    /** KVM's local APIC has no edge-triggered interrupt in service while its handler runs. */
    NOT_IN_SERVICE("no edge-triggered interrupt is in service while its handler runs") {
        @Override
        boolean covers(String name, String left, String right) {
            return name.startsWith("APIC.ISR") && (bits(left) & bits(right)) == bits(right);
        }
    },

    /** KVM's walk of the page tables leaves the entries above one that is not present as they are (SDM vol. 3, 4.8). */
    NOT_ACCESSED_ABOVE_A_FAULT("page-table entries above one that is not present do not become accessed") {
        private static final long PRESENT = 1;
        private static final long ACCESSED = 1 << 5;

        @Override
        boolean covers(String name, String left, String right) {
            return inMemory(name, left, right, ACCESSED) && (bits(left) & PRESENT) != 0;
        }
    },

    /** RF is set in the RFLAGS that a fault pushes (SDM vol. 3, 18.3.1.1); this KVM pushes it clear. */
    NO_RF_IN_A_FRAME("the RFLAGS that a fault pushes have RF clear") {
        private static final long RF = 1 << 16;

        @Override
        boolean covers(String name, String left, String right) {
            return inMemory(name, left, right, RF);
        }
    };

    private final String says;

    KnownDifference(String says) {
        this.says = says;
    }

    /** What to expect of this engine on this host; nothing where its KVM runs on hardware. Asks the engine's probe. */
    public static Set<KnownDifference> of(Engine engine) {
        boolean interprets = engine.name().equals("kvm")
                && engine.probe() instanceof Engine.Probe.Usable usable
                && usable.speed() == Engine.SpeedClass.CRAWLING;
        return interprets ? EnumSet.allOf(KnownDifference.class) : EnumSet.noneOf(KnownDifference.class);
    }

    /** Half a sentence: what such a KVM does. */
    public String says() {
        return says;
    }

    /** @param left what a processor has, as the comparison shows it; {@code right}: what such a KVM has */
    abstract boolean covers(String name, String left, String right);

    /** Whether eight bytes differ by just these bits, which only a processor sets. */
    private static boolean inMemory(String name, String left, String right, long bits) {
        return name.startsWith(Lockstep.MEMORY) && (bits(left) ^ bits(right)) == bits && (bits(left) & bits) == bits;
    }

    private static long bits(String value) {
        return Long.parseUnsignedLong(value, 16);
    }
}
