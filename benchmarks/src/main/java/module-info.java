/**
 * Benchmarks: whole boots beside QEMU's, and JMH benchmarks of single costs. Open, because JMH reaches the classes that it
 * generates beside the benchmarks by reflection.
 */
open module dev.quoll.benchmarks {
    requires dev.quoll.bindings;
    requires dev.quoll.boot;
    // Named for its engine, which is found by ServiceLoader.
    requires dev.quoll.emulator;
    requires dev.quoll.kvm;
    requires info.picocli;
    requires java.management;
    requires jdk.unsupported;
    requires jmh.core;
}
