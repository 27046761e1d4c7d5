package dev.quoll.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.machine.Cpuid;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is added to leaf 0xd for a KVM that shows more state components than it was given. */
class CpuidTableTest {
    private static final Cpuid.Entry HEAD = new Cpuid.Entry(0xd, 0, true, 0, 0, 0, 0);
    private static final Cpuid.Entry AVX = new Cpuid.Entry(0xd, 2, true, 256, 576, 0, 0);
    private static final Cpuid.Entry PKRU = new Cpuid.Entry(0xd, 9, true, 8, 832, 0, 0);

    @Test
    void onlyWhatIsShownAndNotThereIsAdded() {
        assertThat(CpuidTable.missing(List.of(HEAD), 0)).isEmpty();
        assertThat(CpuidTable.missing(List.of(HEAD), 3)).as("x87 and SSE have no subleaf").isEmpty();
        assertThat(CpuidTable.missing(List.of(HEAD), 7)).containsExactly(AVX);
        assertThat(CpuidTable.missing(List.of(HEAD), 0x207)).containsExactly(AVX, PKRU);
        assertThat(CpuidTable.missing(List.of(HEAD, AVX), 0x207)).containsExactly(PKRU);
        assertThat(CpuidTable.missing(List.of(HEAD, AVX, PKRU), 0x207)).isEmpty();
    }
}
