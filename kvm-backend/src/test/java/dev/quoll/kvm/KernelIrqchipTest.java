package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quoll.machine.EngineException;
import dev.quoll.machine.InterruptLine;
import dev.quoll.machine.Outcome;
import dev.quoll.machine.Partition.IrqchipPart;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Interrupts through I/O APIC, 8259 and 8254 of the kernel. */
@RequiresKvm
@Timeout(60)
class KernelIrqchipTest {
    private static final int VECTOR = 0x40;
    private static final int HANDLER = 0x9000;
    /** mov ebx, 0fee00000h; mov dword [rbx+0f0h], 1ffh. */
    private static final String ENABLE_APIC = "bb 00 00 e0 fe  c7 83 f0 00 00 00 ff 01 00 00 ";
    /** mov dword [rbx+350h], 700h: LINT0 is ExtINT. */
    private static final String VIRTUAL_WIRE = "c7 83 50 03 00 00 00 07 00 00 ";
    /** Initialisation of the 8259: vectors from 40h, all inputs but the first masked. */
    private static final String PIC = "b0 11 e6 20  b0 40 e6 21  b0 04 e6 21  b0 01 e6 21  b0 fe e6 21 ";
    /** mov al, 34h; out 43h, al; and 11932, about 10 ms, into counter 0, mode 2. */
    private static final String PIT = "b0 34 e6 43  b0 9c e6 40  b0 2e e6 40 ";
    /** out 0e9h, 1; sti; again: hlt; jmp again. */
    private static final String TELL_AND_HALT = "b0 01 e6 e9  fb f4 eb fd";
    /** out 0e9h, 2. */
    private static final String TELL = "b0 02 e6 e9 ";
    /** mov dword [rbx+0b0h], 0; iretq. */
    private static final String END_OF_INTERRUPT = "c7 83 b0 00 00 00 00 00 00 00  48 cf";

    /** mov esi, 0fec00000h; the lower half of the redirection entry of {@code pin}, which is read as zero above. */
    private static String redirect(int pin, int entry) {
        // mov dword [rsi], 10h + 2 * pin + 1; mov dword [rsi+10h], 0; mov dword [rsi], 10h + 2 * pin; mov dword [rsi+10h], entry
        return "be 00 00 c0 fe  c7 06 %02x 00 00 00  c7 46 10 00 00 00 00  c7 06 %02x 00 00 00  c7 46 10 %08x "
                .formatted(0x11 + 2 * pin, 0x10 + 2 * pin, Integer.reverseBytes(entry));
    }

    private static BareGuest guest(String code, String handler) throws Exception {
        BareGuest guest = BareGuest.wide(1, code, "irqchip", "full");
        guest.put(HANDLER, handler);
        guest.gate(VECTOR, HANDLER);
        return guest;
    }

    @Test
    void theTimerTicksThroughThe8259() throws Exception {
        // end of interrupt at the 8259: mov al, 20h; out 20h, al
        try (BareGuest guest =
                guest(ENABLE_APIC + VIRTUAL_WIRE + PIC + PIT + TELL_AND_HALT, TELL + "b0 20 e6 20  48 cf")) {
            assertThat(guest.machine.partition().owns()).contains(IrqchipPart.values());
            long begin = System.nanoTime();
            guest.machine.start();
            guest.awaitOutputs(6);
            assertThat(System.nanoTime() - begin).as("five ticks of 10 ms").isGreaterThan(39_000_000);
            assertThat(guest.output).startsWith(1, 2, 2, 2, 2, 2);
        }
    }

    @Test
    void theTimerIsAtPinTwoOfTheIoApic() throws Exception {
        try (BareGuest guest = guest(ENABLE_APIC + redirect(2, VECTOR) + PIT + TELL_AND_HALT, TELL + END_OF_INTERRUPT)) {
            guest.machine.start();
            guest.awaitOutputs(4);
            assertThat(guest.output).startsWith(1, 2, 2, 2);
        }
    }

    @Test
    void anEdgeAtAPinInterruptsOnce() throws Exception {
        try (BareGuest guest = guest(ENABLE_APIC + redirect(4, VECTOR) + TELL_AND_HALT, TELL + END_OF_INTERRUPT)) {
            InterruptLine pin = guest.machine.partition().interruptInputs().get(4);
            guest.machine.start();
            guest.awaitOutputs(1);
            for (int edges = 1; edges <= 3; edges++) {
                pin.setLevel(true);
                pin.setLevel(true);
                guest.awaitOutputs(1 + edges);
                pin.setLevel(false);
            }
            Thread.sleep(30);
            assertThat(guest.output).containsExactly(1, 2, 2, 2);
        }
    }

    @Test
    void aLevelInterruptsUntilItFalls() throws Exception {
        // level-triggered: bit 15
        try (BareGuest guest =
                guest(ENABLE_APIC + redirect(20, 0x8000 | VECTOR) + TELL_AND_HALT, TELL + END_OF_INTERRUPT)) {
            InterruptLine pin = guest.machine.partition().interruptInputs().get(20);
            guest.machine.start();
            guest.awaitOutputs(1);
            pin.setLevel(true);
            guest.awaitOutputs(6);
            pin.setLevel(false);
            Thread.sleep(50);
            int after = guest.output.size();
            Thread.sleep(50);
            assertThat(guest.output).hasSize(after);
        }
    }

    @Test
    void aResetMasksEveryPin() throws Exception {
        // Tells byte 2 of the entry of pin 4 (bit 0: masked), then unmasks it and waits to be reset:
        // mov esi, 0fec00000h; mov dword [rsi], 18h; mov eax, [rsi+10h]; shr eax, 16; out 0e9h, al
        String code = "be 00 00 c0 fe  c7 06 18 00 00 00  8b 46 10  c1 e8 10  e6 e9 " + redirect(4, VECTOR) + "fb f4 eb fd";
        try (BareGuest guest = guest(code, END_OF_INTERRUPT)) {
            guest.machine.start();
            for (int boots = 1; boots <= 2; boots++) {
                guest.awaitOutputs(boots);
                Thread.sleep(20);
                guest.machine.reset();
            }
            guest.awaitOutputs(3);
            assertThat(guest.output).containsExactly(1, 1, 1);
        }
    }

    @Test
    void aLevelThatStandsThroughAResetInterruptsAnew() throws Exception {
        try (BareGuest guest =
                guest(ENABLE_APIC + redirect(20, 0x8000 | VECTOR) + TELL_AND_HALT, TELL + "fa f4")) {
            guest.machine.start();
            guest.awaitOutputs(1);
            guest.machine.partition().interruptInputs().get(20).setLevel(true);
            guest.awaitOutputs(2);
            guest.machine.pause();
            guest.machine.reset();
            guest.machine.resume();
            guest.awaitOutputs(4);
            assertThat(guest.output).containsExactly(1, 2, 1, 2);
        }
    }

    @Test
    void theMachineStaysOnItsEngine() throws Exception {
        try (BareGuest guest = guest(ENABLE_APIC + TELL_AND_HALT, END_OF_INTERRUPT)) {
            guest.machine.start();
            guest.awaitOutputs(1);
            assertThatThrownBy(() -> guest.machine.moveTo(new KvmEngine()))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("keeps the board's interrupt controllers");
            guest.machine.stop();
            assertThat(guest.machine.await()).isEqualTo(new Outcome.Stopped());
        }
    }

    @Test
    void optionsAreChecked() {
        assertThatThrownBy(() -> new KvmEngine().with("irqchip", "none"))
                .isInstanceOf(EngineException.class)
                .hasMessage("the engine kvm's irqchip is split or full, not none.");
        assertThatThrownBy(() -> new KvmEngine().with("jit", "off"))
                .isInstanceOf(EngineException.class)
                .hasMessage("the engine kvm has no option jit.");
    }
}
