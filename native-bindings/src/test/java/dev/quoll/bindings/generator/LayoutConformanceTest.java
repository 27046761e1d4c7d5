package dev.quoll.bindings.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quoll.bindings.RequiresLinux;
import dev.quoll.bindings.generator.Specification.Constant;
import dev.quoll.bindings.generator.Specification.Field;
import dev.quoll.bindings.generator.Specification.Group;
import dev.quoll.bindings.generator.Specification.Member;
import dev.quoll.bindings.generator.Specification.Struct;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The committed bindings against this machine's C compiler: the size of every structure, the offset of every member,
 * the value of every constant (ioctl numbers are constants). The classes are read by reflection, so a hand-made change
 * in one of them is found too.
 */
@RequiresLinux
class LayoutConformanceTest {

    /** What was found to differ; a test reports all of it at once. */
    private static final class Differences {
        private final List<String> found = new ArrayList<>();

        void compare(String what, Object committed, Object expected) {
            if (!expected.equals(committed)) {
                found.add(what + " is " + committed + ", but the compiler says " + expected);
            }
        }

        void assertNone() {
            assertThat(found).isEmpty();
        }
    }

    static List<Path> specifications() {
        return GenerateBindings.SPECIFICATIONS;
    }

    static Measurements measure(Specification spec) throws Exception {
        var compiler = CompilerProbe.compiler();
        assumeTrue(compiler.isPresent(), "skipped: no C compiler (cc, gcc, clang) is on the path");
        return CompilerProbe.measure(spec, compiler.get());
    }

    private static Class<?> committed(Specification spec, String name) throws ClassNotFoundException {
        return Class.forName(spec.packageName() + "." + name);
    }

    @ParameterizedTest
    @MethodSource("specifications")
    void structuresHaveTheCompilersSizesAndAlignments(Path file) throws Exception {
        var spec = SpecificationParser.parse(file);
        var measured = measure(spec);
        var differences = new Differences();
        for (Struct struct : spec.structs()) {
            var layout = (GroupLayout) committed(spec, struct.name()).getMethod("layout").invoke(null);
            differences.compare("sizeof " + struct.name(), layout.byteSize(), measured.size(struct.name()));
            differences.compare("alignof " + struct.name(), layout.byteAlignment(), measured.alignment(struct.name()));
        }
        differences.assertNone();
    }

    @ParameterizedTest
    @MethodSource("specifications")
    void membersLieWhereTheCompilerPutsThem(Path file) throws Exception {
        var spec = SpecificationParser.parse(file);
        var measured = measure(spec);
        var differences = new Differences();
        for (Struct struct : spec.structs()) {
            var type = committed(spec, struct.name());
            var layout = (GroupLayout) type.getMethod("layout").invoke(null);
            Map<String, Long> inLayout = new TreeMap<>();
            collectOffsets("", 0, layout, inLayout);
            Map<String, Long> inMethods = new TreeMap<>();
            collectOffsets("", 0, type, inMethods);
            for (String path : paths("", struct.members())) {
                long offset = measured.offset(struct.name(), path);
                differences.compare(struct.name() + "." + path + "$offset()", inMethods.get(path), offset);
                differences.compare(struct.name() + "." + path + " in layout()", inLayout.get(path), offset);
            }
            differences.compare("accessors of " + struct.name(), inMethods.keySet(),
                    new TreeSet<>(paths("", struct.members())));
        }
        differences.assertNone();
    }

    @ParameterizedTest
    @MethodSource("specifications")
    void constantsHaveTheCompilersValues(Path file) throws Exception {
        var spec = SpecificationParser.parse(file);
        var measured = measure(spec);
        var header = committed(spec, spec.header());
        var differences = new Differences();
        List<String> absent = new ArrayList<>();
        for (Constant constant : spec.constants()) {
            var value = measured.constant(constant.name());
            if (value.isEmpty()) {
                absent.add(constant.name());
                continue;
            }
            Object committed = header.getMethod(JavaSource.identifier(constant.name())).invoke(null);
            Object expected = constant.javaType().equals("int") ? (Object) (int) value.getAsLong() : value.getAsLong();
            differences.compare(constant.name(), committed, expected);
        }
        differences.assertNone();
        assumeTrue(absent.isEmpty(), () -> "the other values agree; this machine's headers are too old for " + absent);
    }

    @ParameterizedTest
    @MethodSource("specifications")
    void theHeaderClassHasWhatTheSpecificationNamesAndNothingElse(Path file) throws Exception {
        var spec = SpecificationParser.parse(file);
        Set<String> expected = new TreeSet<>();
        spec.constants().forEach(constant -> expected.add(constant.name()));
        spec.functions().forEach(function -> expected.addAll(List.of(function.javaName(),
                function.javaName() + "$descriptor", function.javaName() + "$handle")));
        Set<String> found = Arrays.stream(committed(spec, spec.header()).getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()))
                .map(Method::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(found).isEqualTo(expected);
    }

    /** Dotted paths of all members; anonymous groups add no step. */
    private static List<String> paths(String prefix, List<Member> members) {
        List<String> paths = new ArrayList<>();
        for (Member member : members) {
            switch (member) {
                case Field field -> paths.add(prefix + field.name());
                case Group group when group.anonymous() -> paths.addAll(paths(prefix, group.members()));
                case Group group -> {
                    paths.add(prefix + group.name());
                    paths.addAll(paths(prefix + group.name() + ".", group.members()));
                }
            }
        }
        return paths;
    }

    private static void collectOffsets(String prefix, long base, GroupLayout layout, Map<String, Long> into) {
        long offset = base;
        for (MemoryLayout member : layout.memberLayouts()) {
            String name = member.name().orElse("");
            if (!name.isEmpty() && !name.startsWith("$anon$")) {
                into.put(prefix + name, offset);
            }
            if (member instanceof GroupLayout group) {
                collectOffsets(name.startsWith("$anon$") ? prefix : prefix + name + ".", offset, group, into);
            }
            if (layout instanceof StructLayout) {
                offset += member.byteSize();
            }
        }
    }

    private static void collectOffsets(String prefix, long base, Class<?> type, Map<String, Long> into)
            throws ReflectiveOperationException {
        for (Method method : type.getDeclaredMethods()) {
            if (!method.getName().endsWith("$offset")) {
                continue;
            }
            String name = method.getName().substring(0, method.getName().length() - "$offset".length());
            long offset = base + (long) method.invoke(null);
            into.put(prefix + name, offset);
            for (Class<?> nested : type.getDeclaredClasses()) {
                if (nested.getSimpleName().equals(name)) {
                    collectOffsets(prefix + name + ".", offset, nested, into);
                }
            }
        }
    }
}
