module dev.quoll.bindings {
    exports dev.quoll.bindings;
}
