package dev.quoll.machine;

/** Hears the local APICs' EOI broadcasts for level-triggered vectors (SDM vol. 3, 12.8.5); the IOAPIC clears remote IRR. */
@FunctionalInterface
public interface EoiListener {
    /** @param vector the vector whose service ended, 16-255 */
    void endOfInterrupt(int vector);
}
