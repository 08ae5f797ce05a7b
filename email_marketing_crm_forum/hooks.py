"""The type of the add-on's events, when the add-on comes and when it goes."""

MODULE = "email_marketing_crm_forum"


def pre_init_hook(env):
    """Take over the type that is there already, made by hand or left behind."""
    env["marketing.touchpoint.type"]._adopt(
        MODULE, {"touchpoint_type_forum_post": "forum_post"}
    )


def uninstall_hook(env):
    """What people wrote stays in their history, with its type."""
    env["marketing.touchpoint.type"]._release(MODULE)
