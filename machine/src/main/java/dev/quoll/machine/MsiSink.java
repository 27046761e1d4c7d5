package dev.quoll.machine;

/**
 * Takes message-signalled interrupts: address and data as a PCI function or the IOAPIC would write them (SDM vol. 3,
 * 12.11). Callable from any thread.
 */
@FunctionalInterface
public interface MsiSink {
    /**
     * Delivers one message.
     *
     * @param address 0xfee00000 form: destination id in bits 19:12, redirection hint bit 3, destination mode bit 2
     * @param data vector in bits 7:0, delivery mode 10:8, level 14, trigger mode 15 (1 = level)
     */
    void signal(long address, int data);
}
