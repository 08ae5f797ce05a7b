{
    "name": "Email Marketing CRM: Surveys",
    "summary": "Finished surveys in the history of persons",
    "version": "19.0.1.0.0",
    "category": "Marketing/Email Marketing",
    "license": "LGPL-3",
    "author": "email_marketing_crm contributors",
    "development_status": "Beta",
    "depends": ["email_marketing_crm", "survey"],
    "data": [
        "data/marketing_touchpoint_type_data.xml",
        "views/survey_survey_views.xml",
    ],
    "pre_init_hook": "pre_init_hook",
    "uninstall_hook": "uninstall_hook",
    "auto_install": True,
    "installable": True,
}
