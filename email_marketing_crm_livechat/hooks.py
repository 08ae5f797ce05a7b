"""The type of the add-on's events, when the add-on comes and when it goes."""

MODULE = "email_marketing_crm_livechat"


def pre_init_hook(env):
    """Take over the type that is there already, made by hand or left behind."""
    env["marketing.touchpoint.type"]._adopt(
        MODULE, {"touchpoint_type_conversation": "conversation"}
    )


def uninstall_hook(env):
    """Conversations stay in the history of persons, with their type."""
    env["marketing.touchpoint.type"]._release(MODULE)
