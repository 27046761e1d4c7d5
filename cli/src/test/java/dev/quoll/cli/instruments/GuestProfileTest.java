package dev.quoll.cli.instruments;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quoll.boot.symbols.SymbolTable;
import dev.quoll.boot.symbols.SymbolTable.Symbol;
import dev.quoll.machine.CodeSample;
import java.util.List;
import org.junit.jupiter.api.Test;

class GuestProfileTest {
    private static final long KERNEL = 0xffff_ffff_8100_0000L;

    private final GuestProfile profile = new GuestProfile();

    private void add(int count, long rip, int privilege, long space) {
        for (int i = 0; i < count; i++) {
            profile.add(new CodeSample(rip + i % 4, privilege, space, false));
        }
    }

    @Test
    void samplesAreCountedByFunction() {
        add(50, KERNEL, 0, 0x1000);
        add(10, KERNEL + 0x100, 0, 0x2000);
        add(25, 0x401000, 3, 0x2000);
        add(5, 0x7f00_1234_5000L, 3, 0x2000);
        add(2, 0xffff_ffff_c012_3000L, 0, 0x2000);
        for (int i = 0; i < 8; i++) {
            profile.add(CodeSample.HALTED);
        }
        SymbolTable kernel = new SymbolTable(
                List.of(new Symbol(KERNEL, 0, "schedule"), new Symbol(KERNEL + 0x100, 0x80, "clear_page")));
        SymbolTable program = new SymbolTable(List.of(new Symbol(0x401000, 0x40, "main")));
        assertThat(profile.report(kernel, program)).containsExactly(
                "profile: 100 samples: 62.0% kernel, 30.0% user, 8.0% halted",
                " 50.00%       50  kernel  schedule",
                " 25.00%       25  user    main",
                " 10.00%       10  kernel  clear_page",
                "  5.00%        5  user    [page 0x7f0012345000]",
                "  2.00%        2  kernel  [module]");
        assertThat(profile.kernelSpaces()).containsExactly(0x2000L, 0x1000L);
    }

    @Test
    void withoutSamplesAndSymbolsThereIsALineAllTheSame() {
        SymbolTable none = new SymbolTable(List.of());
        assertThat(profile.report(none, none)).containsExactly("profile: 0 samples: 0.0% kernel, 0.0% user, 0.0% halted");
        add(1, 0x1000, 0, 0);
        assertThat(profile.report(none, none)).contains("100.00%        1  kernel  [page 0x1000]");
    }

    @Test
    void placesAndAddressSpacesAreBounded() {
        for (int i = 0; i < 300_000; i++) {
            profile.add(new CodeSample(i, 0, i, false));
        }
        assertThat(profile.kernelSpaces()).hasSize(16).first().isEqualTo(299_999L);
        SymbolTable none = new SymbolTable(List.of());
        assertThat(profile.report(none, none).get(1)).contains("37856  kernel or user  (places beyond the first 262144)");
    }
}
