package dev.quoll.cli.lockstep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.Engines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What may pass as a fault of an interpreting KVM, and what may not. */
class KnownDifferenceTest {
    @ParameterizedTest
    @CsvSource({
        "NOT_IN_SERVICE, APIC.ISR2, 00000002, 00000000, true",
        "NOT_IN_SERVICE, APIC.ISR2, 00000000, 00000002, false",
        "NOT_IN_SERVICE, APIC.ISR2, 00000002, 00000004, false",
        "NOT_IN_SERVICE, APIC.IRR2, 00000002, 00000000, false",
        "NOT_ACCESSED_ABOVE_A_FAULT, memory at 0x2008, 0000000000004023, 0000000000004003, true",
        "NOT_ACCESSED_ABOVE_A_FAULT, memory at 0x2008, 0000000000004003, 0000000000004023, false",
        "NOT_ACCESSED_ABOVE_A_FAULT, memory at 0x2008, 0000000000004022, 0000000000004002, false",
        "NOT_ACCESSED_ABOVE_A_FAULT, memory at 0x2008, 0000000000004063, 0000000000004003, false",
        "NOT_ACCESSED_ABOVE_A_FAULT, RAX, 0000000000004023, 0000000000004003, false",
        "NO_RF_IN_A_FRAME, memory at 0x2008, 0000000000010086, 0000000000000086, true",
        "NO_RF_IN_A_FRAME, memory at 0x2008, 0000000000000086, 0000000000010086, false",
        "NO_RF_IN_A_FRAME, memory at 0x2008, 0000000000010086, 0000000000000186, false",
        "NO_RF_IN_A_FRAME, RFLAGS, 0000000000010086, 0000000000000086, false",
    })
    void onlyJustThatIsCovered(KnownDifference difference, String name, String left, String right, boolean covered) {
        assertThat(difference.covers(name, left, right)).isEqualTo(covered);
    }

    @Test
    void nothingIsForgivenToTheEmulator() throws Exception {
        assertThat(KnownDifference.of(Engines.named("emulator"))).isEmpty();
    }
}
