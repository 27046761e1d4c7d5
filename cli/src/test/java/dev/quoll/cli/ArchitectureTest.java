package dev.quoll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the table of modules in docs/architecture.md, over the compiled classes of every module. */
class ArchitectureTest {
    /** A module's package, and the modules it may depend on beside the JDK and its libraries. */
    private record Room(String packageName, Set<String> mayUse) {}

    private static final Map<String, Room> ROOMS = Map.of(
            "native-bindings", new Room("dev.quoll.bindings", Set.of()),
            "machine", new Room("dev.quoll.machine", Set.of()),
            "devices", new Room("dev.quoll.devices", Set.of("machine", "native-bindings")),
            "kvm-backend", new Room("dev.quoll.kvm", Set.of("machine", "native-bindings")),
            "emulator-fallback", new Room("dev.quoll.emulator", Set.of("machine", "native-bindings")),
            "boot", new Room("dev.quoll.boot", Set.of("machine", "devices")),
            "cli",
                    new Room(
                            "dev.quoll.cli",
                            Set.of("machine", "native-bindings", "devices", "kvm-backend", "emulator-fallback", "boot")));

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        List<Path> folders = new ArrayList<>();
        for (String room : ROOMS.keySet()) {
            Path folder = Path.of("..", room, "target", "classes");
            if (Files.isDirectory(folder)) {
                folders.add(folder);
            }
        }
        classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPaths(folders);
        assertThat(classes).as("compiled classes; run the tests of cli with -am").hasSizeGreaterThan(50);
    }

    private static boolean inside(String className, String packageName) {
        return className.startsWith(packageName + ".");
    }

    @Test
    void dependenciesRunDownwardOnly() {
        Set<String> wrong = new TreeSet<>();
        ROOMS.forEach((name, room) -> {
            for (JavaClass from : classes) {
                if (!inside(from.getName(), room.packageName())) {
                    continue;
                }
                for (Dependency dependency : from.getDirectDependenciesFromSelf()) {
                    String target = dependency.getTargetClass().getName();
                    ROOMS.forEach((otherName, other) -> {
                        if (!otherName.equals(name)
                                && inside(target, other.packageName())
                                && !room.mayUse().contains(otherName)) {
                            wrong.add(name + " uses " + otherName + ": " + dependency.getDescription());
                        }
                    });
                }
            }
        });
        assertThat(wrong).isEmpty();
    }

    @Test
    void everyClassLivesInItsModulesPackage() throws Exception {
        for (Map.Entry<String, Room> entry : ROOMS.entrySet()) {
            Path sources = Path.of("..", entry.getKey(), "src", "main", "java");
            if (!Files.isDirectory(sources)) {
                continue;
            }
            Path expected = sources.resolve(entry.getValue().packageName().replace('.', '/'));
            try (Stream<Path> files = Files.walk(sources)) {
                assertThat(files.filter(file -> file.toString().endsWith(".java"))
                                .filter(file -> !file.endsWith("module-info.java")))
                        .allMatch(file -> file.startsWith(expected), "in " + expected);
            }
        }
    }

    /** Restricted methods of java.lang.foreign and the old ways around them stand in the bindings and nowhere else. */
    @Test
    void nativeAccessStaysInTheBindings() {
        Set<String> wrong = new TreeSet<>();
        for (JavaClass from : classes) {
            if (inside(from.getName(), "dev.quoll.bindings")) {
                continue;
            }
            from.getMethodCallsFromSelf().forEach(call -> {
                String owner = call.getTargetOwner().getName();
                boolean foreign = owner.equals("java.lang.foreign.Linker") || owner.equals("java.lang.foreign.SymbolLookup");
                boolean resized = owner.equals("java.lang.foreign.MemorySegment") && call.getName().equals("reinterpret");
                boolean unsafe = owner.startsWith("sun.misc.Unsafe") || owner.startsWith("jdk.internal.");
                if (foreign || resized || unsafe) {
                    wrong.add(call.getDescription());
                }
            });
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void namesSayWhatAThingIs() {
        assertThat(classes.stream().map(JavaClass::getSimpleName))
                .noneMatch(name -> name.matches(".*(Manager|Helper|Helpers|Util|Utils|Impl)"));
    }
}
