package dev.quoll.bindings.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.bindings.RequiresLinux;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each name in this machine's {@code linux/kvm.h} is bound, or belongs to a family that is left out for a reason. */
@RequiresLinux
class EverythingOfKvmTest {
    private static final Path SPECIFICATION = Path.of("src/spec/kvm.spec");
    /** The release up to which the specification is complete, as LINUX_VERSION_CODE has it without its lowest byte. */
    private static final int COMPLETE = 6 << 8 | 1;

    /** Families that are left out, by their names in small letters. */
    private static final Map<String, String> LEFT_OUT = Map.ofEntries(
            Map.entry(".*(arm|_ppc|pvinfo|smmu|mmu_fsl|mpic|xics|xive|spapr|s390|sie|mips|riscv|osi|papr|epr|dcr|flic|htab|sw_tlb"
                    + "|dirty_tlb|config_tlb|_rma|iommu|mp_state_(check_stop|load|operating|stopped|suspended)).*",
                    "other processors"),
            Map.entry("kvm_(reg|vm|exit)_(?!list).*", "other processors' registers, kinds of machines and exits"),
            Map.entry(".*(xen).*", "guests of Xen"),
            Map.entry(".*(hyperv|hv_sint).*", "guests of Hyper-V"),
            Map.entry(".*(sev|enc_region|encrypt|enc_context|pv_).*", "encrypted guests: their memory is closed to devices here"),
            Map.entry(".*(nested_state_data)", "the processor's own format, saved and restored as it is"),
            Map.entry(".*(assign|dev_irq|assigned).*", "removed from Linux: devices are handed over by VFIO"),
            Map.entry(".*(_trc_|trace).*", "removed from Linux: tracing by ioctl"),
            Map.entry("kvm_(memory_alias|set_memory_alias|memory_region|set_memory_region|debug_guest|breakpoint|cpuid|cpuid_entry)",
                    "replaced in Linux before 3.0"),
            Map.entry("kvm_ioeventfd_flag_virtio_ccw_notify", "other processors"),
            Map.entry("kvm_coalesced_mmio_max", "a formula over the kernel's own PAGE_SIZE, which the header does not have"),
            Map.entry("kvmio", "the letter of the ioctl numbers, which the compiler has put into them"));

    @TempDir
    private Path folder;

    private String compiler(String source, String... options) throws Exception {
        var compiler = CompilerProbe.compiler();
        assumeTrue(compiler.isPresent(), "skipped: no C compiler (cc, gcc, clang) is on the path");
        Path file = Files.writeString(folder.resolve("names.c"), source);
        List<String> command = new ArrayList<>(List.of(compiler.get(), "-E"));
        command.addAll(List.of(options));
        command.add(file.toString());
        Process process = new ProcessBuilder(command).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).isZero();
        return output;
    }

    private static Set<String> names(String text, String pattern) {
        Set<String> names = new TreeSet<>();
        Pattern.compile(pattern, Pattern.MULTILINE).matcher(text).results().map((MatchResult match) -> match.group(1)).forEach(names::add);
        return names;
    }

    @Test
    void everyNameIsBoundOrLeftOutForAReason() throws Exception {
        Set<String> names = names(compiler("#include <linux/kvm.h>", "-dM"), "^#define (KVM\\w*) ");
        names.addAll(names(compiler("#include <linux/kvm.h>"), "^struct (kvm_\\w+) \\{"));
        assertThat(names).hasSizeGreaterThan(500);
        Specification specification = SpecificationParser.parse(SPECIFICATION);
        Set<String> bound = new HashSet<>();
        specification.constants().forEach(constant -> bound.add(constant.name()));
        specification.structs().forEach(struct -> bound.add(struct.name()));
        names.removeAll(bound);
        names.removeIf(name -> LEFT_OUT.keySet().stream().anyMatch(family -> name.toLowerCase().matches(family)));
        String version = compiler("#include <linux/version.h>\nLINUX_VERSION_CODE").strip();
        int release = Integer.parseInt(version.substring(version.lastIndexOf('\n') + 1).strip()) >> 8;
        if (!names.isEmpty() && release > COMPLETE) {
            abort("this machine's headers are newer than the specification, which has not: " + names);
        }
        assertThat(names).isEmpty();
    }
}
