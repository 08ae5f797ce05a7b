def pre_init_hook(env):
    return


def post_init_hook(env):
    return


def uninstall_hook(env):
    return
